// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Power cuts of the model that lose what was not durable. */
class LossyModelSessionTest {
  private static final String SYNCED =
      """
      image 8m
      open   f /f rw creat
      open   r / ro
      pwrite f 0 x41*6000
      fsync  f
      fsync  r
      store-and-cut
      open   f /f rw
      pread  f 0 16
      """;

  @TempDir private Path directory;
  private ImageTemplates templates;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
    templates = new ImageTemplates(directory);
  }

  private static Program program(int seed, String before) throws Exception {
    return ProgramParser.parse(
        "lossy", SYNCED.replace("store-and-cut", before + "\ncut lossy " + seed));
  }

  /** Runs a program, and returns the values of its last outcome. */
  private String last(Session session, Program program) throws Exception {
    Outcome outcome = Outcome.of(0);
    boolean ended = false;
    try {
      for (ProgramStep step : program.steps()) {
        outcome = session.run(step.operation());
      }
      session.end();
      ended = true;
      return outcome.toString();
    } finally {
      if (!ended) {
        session.abandon();
      }
    }
  }

  private Session begin(Program program) throws Exception {
    return new ModelBackend(directory, Scheduler.production(), Kernel.MERGED)
        .begin(program, templates, new KernelChoices());
  }

  @Test
  void syncedBytesStayAndOthersAreThereOrNotByTheSeed() throws Exception {
    Set<String> seen = new HashSet<>();
    String store =
        """
        mmap  m f 0 4096 rw shared
        store m 0 x42*8
        store m 64 x43*8
        """;
    for (int seed = 0; seed < 12; seed++) {
      Program program = program(seed, store);
      String state = last(begin(program), program);
      assertThat(last(begin(program), program)).as("seed %d again", seed).isEqualTo(state);
      assertThat(state).containsPattern("data=(42|41){8}4141414141414141|data=(42|41)\\*8");
      seen.add(state);
    }
    assertThat(seen).as("the store is lost by some seeds only").hasSize(2);
  }

  /** The image after the end is the one that the program left on the last mount. */
  @Test
  void theImageIsThatOfTheLastMount() throws Exception {
    Program program = program(1, "clock 1");
    Session session = begin(program);
    for (ProgramStep step : program.steps()) {
      session.run(step.operation());
    }
    Optional<FsImage> image = session.end();
    ImageContent left = ImageContent.of(image.orElseThrow());
    ImageContent empty = ImageContent.of(made());
    assertThat(left.differences(empty)).hasSizeGreaterThan(3);
  }

  private FsImage made() throws Exception {
    FsImage image = Mke2fs.allocate(directory.resolve("empty.img"));
    templates.of(program(1, "clock 1").image()).writeTo(image);
    return image;
  }

  /** A medium on which no write-back arrives: what fsync promised is lost, and found. */
  @Test
  void aFileSystemThatWritesNothingBackBreaksItsPromise() throws Exception {
    int found = 0;
    for (int seed = 0; seed < 8; seed++) {
      Program program = program(seed, "clock 1");
      try {
        last(withoutWriteBacks(program), program);
      } catch (BackendException e) {
        assertThat(e.describe()).contains("PROMISE_BROKEN", "/f");
        found++;
      }
    }
    assertThat(found).isPositive();
  }

  private Session withoutWriteBacks(Program program) throws Exception {
    FsImage image = Mke2fs.allocate(directory.resolve("lazy.img"));
    templates.of(program.image()).writeTo(image);
    ModelBackend backend = new ModelBackend(directory, Scheduler.production(), Kernel.MERGED);
    return new LossyModelSession(
        image,
        program.image().fsBytes(),
        memory -> backend.mounted(new LazyMemory(memory), image, program, new KernelChoices()));
  }

  private static final class LazyMemory extends ForwardingMemory {
    LazyMemory(PersistentMemory target) {
      super(target);
    }

    @Override
    public PersistentMemory slice(long offset, long length) {
      return new LazyMemory(target.slice(offset, length));
    }

    @Override
    public void flush(long offset, long length) {
      // The bug.
    }

    @Override
    public void persist(long offset, long length) {
      target.drain();
    }
  }
}
