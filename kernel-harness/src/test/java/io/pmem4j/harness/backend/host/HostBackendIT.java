// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.Scope;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every shipped program on file systems of the running kernel, beside the model. */
class HostBackendIT {
  @TempDir private Path directory;

  private static final List<String> TYPES =
      List.of("tmpfs", "ramfs", "overlay", "ext2", "ext4", "xfs");

  /** Programs mostly wait for the next second of a clock that nobody may set: three at a time. */
  private static final int AT_A_TIME = 3;

  @TempDir private static Path ofAllTypes;

  private static final ExecutorService RUNS =
      Executors.newFixedThreadPool(AT_A_TIME, Thread.ofPlatform().daemon().factory());

  private static final Map<String, Future<List<ProgramResult>>> RESULTS = new HashMap<>();

  /**
   * Mounts of the runs. They end when no run starts a process any more: between fork and exec it
   * holds the open files of all others, and their file systems are busy.
   */
  private static final List<Mounted> MOUNTS = Collections.synchronizedList(new ArrayList<>());

  @AfterAll
  static void endRuns() throws Exception {
    RUNS.shutdownNow();
    boolean ended = RUNS.awaitTermination(1, TimeUnit.MINUTES);
    List<Throwable> stillMounted = new ArrayList<>();
    for (Mounted mounted : MOUNTS) {
      try {
        mounted.close();
      } catch (IOException | AssertionError e) {
        stillMounted.add(e);
      }
    }
    assertThat(stillMounted).isEmpty();
    assertThat(ended).isTrue();
  }

  /** A mounted file system of a type, as long as it is open. */
  private static final class Mounted implements AutoCloseable {
    private final Path point;

    Mounted(Path directory, String type) throws Exception {
      // A program's other identities have to get there.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      point = Files.createDirectory(directory.resolve(type));
      if (type.equals("tmpfs")) {
        command("mount", "-t", "tmpfs", "-o", "size=64m", "pmem4j", point.toString());
        return;
      }
      if (type.equals("ramfs")) {
        command("mount", "-t", "ramfs", "pmem4j", point.toString());
        return;
      }
      if (type.equals("overlay")) {
        command("mount", "-t", "tmpfs", "-o", "size=64m", "pmem4j", point.toString());
        Path lower = Files.createDirectory(point.resolve("lower"));
        Path upper = Files.createDirectory(point.resolve("upper"));
        Path work = Files.createDirectory(point.resolve("work"));
        String layers = "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work;
        command("mount", "-t", "overlay", "-o", layers, "pmem4j", point.toString());
        return;
      }
      Path image = directory.resolve(type + ".img");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        // No xfs is smaller than 300 MiB; the others are filled.
        file.setLength((type.equals("xfs") ? 400L : 64L) << 20);
      }
      command("mkfs." + type, "-q", image.toString());
      command("mount", "-t", type, "-o", "loop", image.toString(), point.toString());
    }

    @Override
    public void close() throws IOException {
      command("umount", point.toString());
      if (point.getFileName().toString().equals("overlay")) {
        command("umount", point.toString()); // what the layers lie on
      }
    }
  }

  private static void command(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.onExit().orTimeout(60, TimeUnit.SECONDS).join().exitValue())
        .as(String.join(" ", words) + ": " + output)
        .isZero();
  }

  private static List<ProgramResult> run(List<Program> programs, Path place) throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Backends backends =
        Backends.open(List.of("host:" + place, "model"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      programs.forEach(program -> results.add(conformance.run(program)));
    }
    return results;
  }

  private static List<ProgramResult> shippedProgramsOn(String type) throws Exception {
    Required.programs("mkfs.ext2", "mkfs.ext4", "mkfs.xfs", "losetup");
    if (!System.getProperty("user.name").equals("root")) {
      throw Required.missing("only root mounts file systems");
    }
    boolean memory = List.of("tmpfs", "ramfs", "overlay").contains(type);
    if (!memory && !Files.exists(Path.of("/dev/loop-control"))) {
      throw Required.missing("no loop devices");
    }
    if (!type.equals("tmpfs")
        && !Files.readString(Path.of("/proc/filesystems")).contains("\t" + type)) {
      throw Required.missing("no " + type + " in this kernel");
    }
    Mounted mounted = new Mounted(ofAllTypes, type);
    MOUNTS.add(mounted);
    List<ProgramResult> results = run(ProgramLibrary.shipped(), mounted.point);
    try (var left = Files.list(mounted.point)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .as("nothing is left behind")
          .isSubsetOf("lost+found");
    }
    return results;
  }

  static List<String> types() {
    return TYPES;
  }

  @ParameterizedTest
  @MethodSource("types")
  void programsAgreeWithTheModelOrTheirDifferenceIsExplained(String type) throws Throwable {
    for (String each : TYPES) {
      RESULTS.computeIfAbsent(each, _ -> RUNS.submit(() -> shippedProgramsOn(each)));
    }
    List<ProgramResult> results;
    try {
      results = Objects.requireNonNull(RESULTS.get(type)).get(10, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      // A failure, or the reason for a skip.
      throw Objects.requireNonNull(e.getCause());
    }
    assertThat(results)
        .allSatisfy(result ->
            assertThat(result.verdict())
                .as(result.program().name() + result.findings())
                .isIn(Verdict.AGREED, Verdict.PARTIAL, Verdict.OMITTED));
    assertThat(results).filteredOn(r -> r.verdict() == Verdict.AGREED).hasSizeGreaterThan(20);
    assertThat(results)
        .filteredOn(result -> result.verdict() == Verdict.OMITTED)
        .allSatisfy(result -> assertThat(result.notes()).isNotEmpty());
    assertThat(results.stream().flatMap(result -> result.notes().stream()))
        .as("a difference that is explained is also seen")
        .anySatisfy(note -> assertThat(note).contains(" misses "));
  }

  /**
   * Programs that affect other users of the mount run only with --exclusive; a power cut never runs
   * on the host.
   */
  @Test
  void aMountThatIsGivenAwayMayBeFrozen() throws Exception {
    Required.programs("mkfs.ext2", "losetup");
    if (!System.getProperty("user.name").equals("root")
        || !Files.exists(Path.of("/dev/loop-control"))) {
      throw Required.missing("only root mounts loop devices");
    }
    Program freezes =
        ProgramParser.parse(
            "freezes",
            """
            scope posix

            open   f /a rw creat
            freeze => result=0
            thaw   => result=0
            pwrite f 0 x41 => result=1
            """);
    Program cuts = ProgramParser.parse("cuts", "scope posix\n\nsync\npower-cut\n");
    try (Mounted mounted = new Mounted(directory, "ext2")) {
      for (boolean exclusive : List.of(false, true)) {
        List<ProgramResult> results = new ArrayList<>();
        try (Backends backends =
            Backends.open(List.of("host:" + mounted.point), Scheduler.production(), exclusive)) {
          new Conformance(backends).run(List.of(freezes, cuts), results::add);
        }
        assertThat(results.getFirst().verdict())
            .as("%s", results.getFirst().findings())
            .isEqualTo(exclusive ? Verdict.AGREED : Verdict.OMITTED);
        assertThat(results.getFirst().notes().toString())
            .contains(exclusive ? "[]" : "freeze: only with --exclusive");
        assertThat(results.getLast().verdict()).isEqualTo(Verdict.OMITTED);
        assertThat(results.getLast().notes().toString())
            .contains("power-cut: only on a kernel that is booted for it");
      }
    }
  }

  private static void loopMountsOrSkip(String type) throws IOException {
    Required.programs("mkfs." + type, "losetup");
    if (!System.getProperty("user.name").equals("root")
        || !Files.exists(Path.of("/dev/loop-control"))) {
      throw Required.missing("only root mounts loop devices");
    }
    if (!Files.readString(Path.of("/proc/filesystems")).contains("\t" + type)) {
      throw Required.missing("no " + type + " in this kernel");
    }
  }

  /** One program, on the host alone. */
  private static ProgramResult alone(String text, Path place, boolean exclusive) throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Backends backends =
        Backends.open(List.of("host:" + place), Scheduler.production(), exclusive)) {
      new Conformance(backends).run(List.of(ProgramParser.parse("given-away", text)), results::add);
    }
    return results.getFirst();
  }

  private static HostMount mount(Path point) throws IOException {
    return HostMount.at(point.toRealPath());
  }

  /** It is the mount that is mounted again, and at the end it is as it was found. */
  @ParameterizedTest
  @ValueSource(strings = {"ext2", "ext4"})
  void aMountThatIsGivenAwayIsMountedAgainAndBack(String type) throws Exception {
    loopMountsOrSkip(type);
    String program =
        """
        scope posix

        open    f /a rw creat
        remount ro            => result=-1 errno=EBUSY
        close   f
        remount ro            => result=0
        open    g /b rw creat => result=-1 errno=EROFS
        """;
    try (Mounted mounted = new Mounted(directory, type)) {
      HostMount before = mount(mounted.point);
      ProgramResult refused = alone(program, mounted.point, false);
      assertThat(refused.verdict()).isEqualTo(Verdict.OMITTED);
      assertThat(refused.notes().toString()).contains("remount ro: only with --exclusive");
      ProgramResult result = alone(program, mounted.point, true);
      assertThat(result.verdict()).as("%s", result.findings()).isEqualTo(Verdict.AGREED);
      assertThat(mount(mounted.point)).isEqualTo(before);
      // What cannot be undone is not passed over: one of the options stays.
      ProgramResult stays =
          alone("scope posix\n\nremount errors=remount-ro => result=0\n", mounted.point, true);
      assertThat(stays.verdict() == Verdict.AGREED).isEqualTo(mount(mounted.point).equals(before));
      assertThat(Files.list(mounted.point).map(path -> path.getFileName().toString()))
          .isSubsetOf("lost+found");
    }
  }

  /** Every shipped program that needs a full disk and no ext2, beside the model. */
  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "ext2", "ext4"})
  void aMountThatIsGivenAwayIsFilled(String type) throws Exception {
    if (!type.equals("tmpfs")) {
      loopMountsOrSkip(type);
    }
    List<Program> fills =
        ProgramLibrary.shipped().stream()
            .filter(program -> program.scope() == Scope.POSIX)
            .filter(program ->
                program.steps().stream().anyMatch(step -> step.text().startsWith("fill ")))
            .toList();
    assertThat(fills).isNotEmpty();
    try (Mounted mounted = new Mounted(directory, type)) {
      for (boolean exclusive : List.of(false, true)) {
        List<ProgramResult> results = new ArrayList<>();
        try (Backends backends =
            Backends.open(
                List.of("host:" + mounted.point, "model"), Scheduler.production(), exclusive)) {
          new Conformance(backends).run(fills, results::add);
        }
        for (ProgramResult result : results) {
          assertThat(result.verdict())
              .as("%s%s", result.findings(), result.notes())
              .isEqualTo(exclusive ? Verdict.AGREED : Verdict.OMITTED);
        }
      }
      assertThat(mounted.point.toFile().getUsableSpace()).isGreaterThan(8 << 20);
    }
  }

  /**
   * A child must not do what its parent may not do: --exclusive covers the operations of children
   * too.
   */
  @ParameterizedTest
  @ValueSource(strings = {"freeze", "fill f", "remount ro"})
  void whatAChildDoesIsNoWayAroundExclusive(String operation) throws Exception {
    ProgramResult result =
        alone(
            "scope posix\n\nopen f /a rw creat\nfork c\nin c " + operation + "\n",
            directory,
            false);
    assertThat(result.verdict()).isEqualTo(Verdict.OMITTED);
    assertThat(result.notes().toString()).contains("only with --exclusive");
  }

  /** A file system that a program has left frozen is thawed, and no other process hangs on it. */
  @Test
  void aForgottenFreezeIsThawed() throws Exception {
    loopMountsOrSkip("ext2");
    try (Mounted mounted = new Mounted(directory, "ext2")) {
      ProgramResult forgotten =
          alone("scope posix\n\nopen f /a rw creat\nfreeze => result=0\n", mounted.point, true);
      assertThat(forgotten.verdict()).as("%s", forgotten.findings()).isEqualTo(Verdict.AGREED);
      ProgramResult waits =
          alone(
              "scope posix\n\nopen f /a rw creat\nfreeze => result=0\npwrite f 0 x41\n",
              mounted.point,
              true);
      assertThat(waits.findings().toString()).contains("was thawed: an operation waited for it");
      Files.writeString(Files.createFile(mounted.point.resolve("b")), "not frozen");
    }
  }

  /** Without a reason in the table a difference is a finding, against the model and by itself. */
  @Test
  void aDifferenceWithoutAReasonIsFound() throws Exception {
    Program program =
        ProgramParser.parse(
            "odd",
            """
            scope posix

            open      f /a rw creat
            ftruncate f 1P
            mmap      m f 0 1P rw shared
            store     m 0 x41     => result=2
            pread     f 0 1       => data=42
            """);
    List<ProgramResult> results = run(List.of(program), directory);
    assertThat(results.getFirst().verdict()).isEqualTo(Verdict.DIVERGED);
    assertThat(results.getFirst().findings())
        .anySatisfy(finding -> assertThat(finding).contains("host:", "misses result=2"))
        .anySatisfy(finding -> assertThat(finding).contains("host:", "misses data=42"));
  }
}
