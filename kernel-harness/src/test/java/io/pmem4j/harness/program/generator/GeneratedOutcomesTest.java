// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.sched.Scheduler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Generated programs meet what they are generated for, on the model alone. */
class GeneratedOutcomesTest {
  private static final int PROGRAMS = 100;

  /** Outcomes that a campaign has to meet, and how often the programs of this test do at least. */
  private static final String MET =
      """
      access           ok 10  EACCES 5  ENOENT 2
      chmod            ok 30  ENOENT 5
      chown            ok 20  ENOENT 3
      clock            ok 100
      close            ok 30  EBADF 20
      exit             ok 10
      fallocate        EOPNOTSUPP 20  EINVAL 5
      fdatasync        ok 10
      fiemap           ok 100  EBADF 10  EOPNOTSUPP 5
      fill             ok 25
      flock            ok 30  EINVAL 10
      fork             ok 30
      freeze           ok 10  EBUSY 2
      fstat            ok 150  EBADF 20
      fsync            ok 30
      ftruncate        ok 120  EINVAL 8  EBADF 8  EPERM 2
      getflags         ok 10  ENOENT 1
      getrsvsz         ok 3  ENOTTY 8
      getxattr         ok 10  ENODATA 15  ENOENT 8  EOPNOTSUPP 2
      link             ok 40  EEXIST 15  ENOENT 10  EPERM 4  ENOTDIR 1
      list             ok 30  ENOENT 15  ENOTDIR 15  ELOOP 3
      listxattr        ok 6  ENOENT 2
      load             ok 60  signal 40
      lseek            ok 40  ENXIO 15  EINVAL 8
      madvise          ok 25  EINVAL 3
      mincore          ok 25
      mkdir            ok 100  EEXIST 25  ENOENT 8  ENOSPC 5  ENOTDIR 2
      mmap             ok 100  EBADF 6  EINVAL 6  EACCES 5  EOPNOTSUPP 15
      mprotect         ok 20
      mremap           ok 15  EINVAL 2
      msync            ok 40  EINVAL 8
      munmap           ok 25
      open             ok 150  ENOENT 20  EISDIR 6  ELOOP 2  ENOTDIR 5
      pagemap          ok 50
      pread            ok 40  EISDIR 1  EBADF 3
      pread-mapped     ok 12
      preadv           ok 25
      pwrite           ok 100  ENOSPC 8  EBADF 10
      pwrite-mapped    ok 12  EFAULT 5
      pwritev          ok 50  ENOSPC 5  EINVAL 5
      readlink         ok 3  EINVAL 5  ENOENT 2
      removexattr      ok 8  ENODATA 3  ENOENT 3
      rename           ok 80  EINVAL 15  ENOENT 25  ENOTDIR 10  ENOTEMPTY 3  EISDIR 2
      rmdir            ok 30  ENOTEMPTY 12  ENOTDIR 20  ENOENT 15
      setflags         ok 12
      setrsvsz         ok 6  ENOTTY 6
      setxattr         ok 50  ENODATA 4  EEXIST 1  EPERM 5  EINVAL 8  ENOSPC 5  EACCES 3
      statfs           ok 20
      statx            ok 12  ENOENT 1
      store            ok 80  signal 60
      symlink          ok 60  EEXIST 15  ENOENT 6  ENOSPC 4
      sync             ok 15
      sync-file-range  ok 8
      syncfs           ok 12
      thaw             ok 10  EINVAL 1
      unlink           ok 50  ENOENT 15  EISDIR 6  ENOTDIR 3
      utimens          ok 12
      """;

  private final Map<String, Integer> counts = new HashMap<>();

  /** Names that programs with space likely leave, and how many of them are not there. */
  private int likely;

  private int missing;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "debugfs");
  }

  private static String verb(Operation operation) {
    return ProgramText.of(operation.withoutChild()).split(" ", 2)[0];
  }

  /** Runs a program, and then asks for each name that it likely leaves. */
  private void run(ProgramBackend model, Backends backends, Program program)
      throws BackendException {
    LikelyTree tree = new LikelyTree(program.image().setup());
    Session session = model.begin(program, backends.templates(), new KernelChoices());
    for (ProgramStep step : program.steps()) {
      follow(tree, step.operation());
      Outcome outcome = session.run(step.operation());
      String ended =
          outcome.isSignal() ? "signal" : outcome.errno().isEmpty() ? "ok" : outcome.errno();
      counts.merge(verb(step.operation()) + " " + ended, 1, Integer::sum);
    }
    if (program.image().bytes() == ImageShape.MAX_BYTES) {
      for (String path : tree.paths(_ -> true)) {
        Outcome outcome = session.run(Syscall.STATX.of(path));
        likely++;
        missing += outcome.errno().isEmpty() ? 0 : 1;
      }
    }
    session.end();
  }

  private static void follow(LikelyTree tree, Operation operation) {
    if (operation.withoutChild() instanceof Operation.Call call) {
      if (call.syscall() == Syscall.OPEN) {
        tree.open(call.text(1), (int) call.number(2));
      }
      tree.follow(call);
    }
  }

  @Test
  void eachVerbMeetsItsOutcomes() throws Exception {
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      ProgramBackend model = backends.all().getFirst();
      for (long seed = 0; seed < PROGRAMS; seed++) {
        Program program = ProgramGenerator.generate(seed, 60);
        // Damage is another matter: names are left alone, and mount(2) may refuse it.
        if (!program.image().isDamaged()) {
          run(model, backends, program);
        }
      }
    }
    SoftAssertions.assertSoftly(soft ->
        MET.lines()
            .forEach(line -> {
              String[] words = line.strip().split(" +", -1);
              for (int i = 1; i < words.length; i += 2) {
                String met = words[0] + " " + words[i];
                soft.assertThat(counts.getOrDefault(met, 0))
                    .as(met)
                    .isGreaterThanOrEqualTo(Integer.parseInt(words[i + 1]));
              }
            }));
    assertThat(likely).isGreaterThan(150);
    assertThat(missing).as("of " + likely + " names").isZero();
  }
}
