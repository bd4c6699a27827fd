// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * An image that the verb {@code mount} serves in a JVM of its own. A server that lives for three
 * minutes is killed, which ends every access that waits for it.
 */
final class MountedVerb implements AutoCloseable {
  private static final int MOST_SECONDS = 180;

  final Path directory;
  final Path image;
  final Path mount;
  private Process server;

  MountedVerb(long bytes) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs a writable /dev/fuse");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount");
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "pmem4j-mount");
    image = directory.resolve("image");
    mount = Files.createDirectory(directory.resolve("mount"));
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    run(
        0,
        "mke2fs",
        "-q",
        "-F",
        "-t",
        "ext2",
        "-b",
        "4096",
        "-O",
        "^resize_inode",
        image.toString());
  }

  static List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "mount"));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  /** Starts the verb in the foreground; returns what it says before it has mounted. */
  String start(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(image.toString(), mount.toString()));
    Process started =
        new ProcessBuilder(command(all.toArray(String[]::new))).redirectErrorStream(true).start();
    server = started;
    Thread killer = new Thread(() -> killLate(started), "killer");
    killer.setDaemon(true);
    killer.start();
    StringBuilder said = new StringBuilder();
    BufferedReader lines = started.inputReader(StandardCharsets.UTF_8);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("mounted ")) {
        return said.toString();
      }
      said.append(line).append('\n');
    }
    throw new IOException("status " + started.waitFor() + ": " + said);
  }

  private static void killLate(Process process) {
    try {
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  /** Sends a signal and returns the exit status. */
  int signal(String name) throws Exception {
    run(0, "kill", "-" + name, Long.toString(server.pid()));
    return awaitEnd();
  }

  int awaitEnd() throws Exception {
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).as("the server ends").isTrue();
    return server.exitValue();
  }

  void umount() throws Exception {
    run(0, "umount", mount.toString());
    assertThat(awaitEnd()).isZero();
    assertThat(server.inputReader(StandardCharsets.UTF_8).lines().collect(Collectors.joining()))
        .as("what the server reports")
        .isEmpty();
  }

  void assertClean() throws Exception {
    assertThat(run(0, "e2fsck", "-fn", image.toString())).doesNotContain("WARNING");
  }

  static String run(int status, String... command) throws Exception {
    return runIn(Path.of("/"), status, command);
  }

  /** Runs a command in a folder; its status must be the one given. */
  static String runIn(Path folder, int status, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(folder.toFile());
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("HOME", folder.toString());
    builder.environment().merge("PATH", ":/usr/sbin:/sbin", String::concat);
    builder.redirectInput(Path.of("/dev/null").toFile());
    Path text = Files.createTempFile("pmem4j-mount", ".txt");
    try {
      Process process = builder.redirectOutput(text.toFile()).start();
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(Arrays.toString(command) + " runs after " + MOST_SECONDS + " s");
      }
      String output = new String(Files.readAllBytes(text), StandardCharsets.ISO_8859_1);
      assertThat(process.exitValue())
          .as(() -> Arrays.toString(command) + ":\n" + output)
          .isEqualTo(status);
      return output;
    } finally {
      Files.delete(text);
    }
  }

  @Override
  public void close() throws Exception {
    try {
      if (server != null && server.isAlive()) {
        umount();
        assertClean();
      }
    } finally {
      if (server != null) {
        server.destroyForcibly().waitFor();
      }
      // A mount that is left answers every access with ENOTCONN: the folder goes without it.
      new ProcessBuilder("umount", "-l", mount.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor(20, TimeUnit.SECONDS);
      Files.deleteIfExists(image);
      Files.deleteIfExists(mount);
      Files.deleteIfExists(directory);
    }
  }
}
