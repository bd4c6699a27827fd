// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An image as the conformance run has it: a 64 MiB file, ext2 made by the real mke2fs at byte 2 MiB
 * with fixed time, UUID and hash seed, mounted with an injected clock, pid and generation. Judged
 * by the real e2fsck and debugfs.
 */
final class ImageFixture implements AutoCloseable {
  static final long OFFSET = 2L << 20;
  static final long BASE_SECOND = 1_444_428_128L;
  static final int GENERATION_BASE = 1000;
  static final int PID = 5;

  static final String UUID = "4f1c0b5e-6b0e-4f6c-9b1a-5f3d2c1b0a99";

  final Path directory;
  final Path image;
  final AtomicLong clock = new AtomicLong(BASE_SECOND);
  private final Arena arena = Arena.ofShared();
  private PmemRegion region;

  /** The number of tasks that have blocked on a frozen file system. */
  final AtomicInteger blockedOnFreeze = new AtomicInteger();

  /** The lock check of the last mount. */
  LockValidator lockValidator;

  ImageFixture(String... extraOptions) throws IOException {
    for (String tool : List.of("mke2fs", "e2fsck", "debugfs")) {
      assumeTrue(toolPath(tool) != null, () -> "needs e2fsprogs: no " + tool + " found");
    }
    Path memory = Path.of("/dev/shm");
    directory =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "ext2-dax")
            : Files.createTempDirectory("ext2-dax");
    image = directory.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                "mke2fs",
                "-q",
                "-t",
                "ext2",
                "-b",
                "4096",
                "-O",
                "^resize_inode",
                "-U",
                UUID,
                "-E",
                "offset=" + OFFSET + ",hash_seed=" + UUID));
    command.addAll(List.of(extraOptions));
    command.addAll(List.of(image.toString(), "63488k"));
    run(command);
  }

  static String toolPath(String tool) {
    for (String directory : List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")) {
      if (Files.isExecutable(Path.of(directory, tool))) {
        return directory + "/" + tool;
      }
    }
    return null;
  }

  static String run(List<String> command) throws IOException {
    return run(0, command);
  }

  private static String run(int expected, List<String> command) throws IOException {
    List<String> resolved = new ArrayList<>(command);
    resolved.set(0, toolPath(command.getFirst()));
    ProcessBuilder builder = new ProcessBuilder(resolved).redirectErrorStream(true);
    builder.environment().putAll(Map.of("E2FSPROGS_FAKE_TIME", "" + BASE_SECOND, "LC_ALL", "C"));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int status = process.waitFor();
      if (status != expected) {
        throw new AssertionError(resolved + " answered " + status + ":\n" + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return output;
  }

  PmemRegion region() throws IOException {
    if (region == null) {
      region =
          Pmem.map(
              image,
              MapSpec.existing().slice(OFFSET, (64L << 20) - OFFSET).backend(Backend.JDK),
              arena);
    }
    return region;
  }

  MountOptions options() throws IOException {
    return MountOptions.parse("dax,oldalloc,noatime,noreservation");
  }

  /** Returns surroundings that make two runs equal, with the checks of isolation. */
  Instrumentation instrumentation() {
    return Instrumentation.production()
        .withClock(clock::get)
        .withGenerationBase(GENERATION_BASE)
        .withAllocatorPid(() -> PID)
        .withScheduler(new ObservedScheduler(this::observed))
        .withIsolationChecks(true)
        .withLockValidators(each -> lockValidator = each);
  }

  private void observed(Enum<?> what) {
    if (what == Observation.BLOCKS_ON_FREEZE) {
      blockedOnFreeze.incrementAndGet();
    }
  }

  Ext2FileSystem mount() throws IOException {
    return Ext2FileSystem.mount(region(), options(), instrumentation());
  }

  /** Returns the class path of a child JVM that sees the classes that this one sees. */
  static String classPath() {
    return Stream.of("pmem4j.first.class.path", "jdk.module.path", "java.class.path")
        .map(System::getProperty)
        .filter(Objects::nonNull)
        .collect(Collectors.joining(":"));
  }

  /** The file system alone, without the 2 MiB before it: what the tools take. */
  Path extracted() throws IOException {
    Path alone = directory.resolve("alone");
    byte[] bytes = Files.readAllBytes(image);
    Files.write(alone, java.util.Arrays.copyOfRange(bytes, (int) OFFSET, bytes.length));
    return alone;
  }

  /** {@code e2fsck -fn} must find nothing. */
  void assertClean() throws IOException {
    String output = run(List.of("e2fsck", "-fn", extracted().toString()));
    assertThat(output).doesNotContain("Fix? no").doesNotContain("WARNING");
  }

  /**
   * {@code e2fsck -fn} must find blocks that an inode counts and nothing refers to, and no more.
   */
  void assertLostBlocks() throws IOException {
    String output = run(4, List.of("e2fsck", "-fn", extracted().toString()));
    assertThat(output.lines().filter(line -> line.matches(".*(\\?|differences|wrong).*")))
        .isNotEmpty()
        .allMatch(line ->
            line.matches("Inode \\d+, i_blocks is \\d+, should be \\d+\\.  Fix\\? no")
                || line.matches("Block bitmap differences: ( +-(\\d+|\\(\\d+--\\d+\\)))+")
                || line.equals("Fix? no"));
  }

  String debugfs(String request) throws IOException {
    return run(List.of("debugfs", "-R", request, extracted().toString()));
  }

  /** Sets a field of an inode, as no file system does. */
  void setField(String path, String field, long value) throws IOException {
    run(
        List.of(
            "debugfs",
            "-w",
            "-R",
            "sif " + path + " " + field + " " + value,
            image + "?offset=" + OFFSET));
  }

  @Override
  public void close() throws IOException {
    arena.close();
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
