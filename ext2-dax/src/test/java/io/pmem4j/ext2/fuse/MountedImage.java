// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An image that a JVM of its own serves at a directory. Killed after two minutes, which ends every
 * access that still waits for it. Closing it unmounts, and e2fsck must find nothing.
 */
final class MountedImage implements AutoCloseable {
  private static final int MOST_SECONDS = 120;

  final Path directory;
  final Path image;
  final Path mount;
  private final StringBuffer output = new StringBuffer();
  private Process server;

  MountedImage(Transport transport, long bytes, String... mke2fs) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs a writable /dev/fuse");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount");
    assumeTrue(Files.exists(Path.of("/usr/sbin/mke2fs")), "needs e2fsprogs");
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "pmem4j-fuse");
    image = directory.resolve("image");
    mount = Files.createDirectory(directory.resolve("mount"));
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    List<String> command =
        new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096"));
    command.addAll(List.of("-O", "^resize_inode"));
    command.addAll(List.of(mke2fs));
    command.add(image.toString());
    run(0, command);
    start(transport, "");
  }

  /** Starts a server, which has mounted when this returns, and has agreed with the kernel. */
  void start(Transport transport, String options) throws Exception {
    if (transport == Transport.IO_URING) {
      try (IoUringSwitch _ = new IoUringSwitch()) {
        startServer(transport, options);
      }
    } else {
      startServer(transport, options);
    }
  }

  private void startServer(Transport transport, String options) throws Exception {
    String classPath =
        Stream.of("pmem4j.first.class.path", "jdk.module.path", "java.class.path")
            .map(System::getProperty)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(":"));
    Process started =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                classPath + ":" + Path.of("target/test-classes").toAbsolutePath(),
                FuseServerMain.class.getName(),
                image.toString(),
                mount.toString(),
                transport.options(options))
            .redirectErrorStream(true)
            .start();
    server = started;
    Thread killer = new Thread(() -> killLate(started), "killer");
    killer.setDaemon(true);
    killer.start();
    BufferedReader lines =
        new BufferedReader(
            new java.io.InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
    String first = lines.readLine();
    if (!transport.name().equals(first)) {
      throw new IOException(first + "\n" + lines.lines().collect(Collectors.joining("\n")));
    }
    Thread reader = new Thread(() -> lines.lines().forEach(output::append), "output");
    reader.setDaemon(true);
    reader.start();
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

  Path path(String name) {
    return mount.resolve(name);
  }

  /** Returns the CPUs on which each worker of the server may run, as the kernel tells them. */
  List<String> cpusOfWorkers() throws Exception {
    return ofThreads("fuse-(ring-)?[0-9]", "Cpus_allowed_list");
  }

  /** Returns how often threads have waited, by the kernel's count. */
  long waitsOf(String threads) throws Exception {
    return ofThreads(threads, "voluntary_ctxt_switches").stream().mapToLong(Long::parseLong).sum();
  }

  /** Returns a field of /proc/PID/task/TID/status of each thread whose name begins so. */
  private List<String> ofThreads(String name, String field) throws Exception {
    String each = "for t in /proc/" + server.pid() + "/task/*; do ";
    String text = each + "if grep -qE '^" + name + "' $t/comm; then cat $t/status; fi; done";
    return run(0, List.of("sh", "-c", text))
        .lines()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> line.replaceFirst(".*:", "").strip())
        .toList();
  }

  /** Ends the server as SIGKILL does. */
  void kill() throws Exception {
    server.destroyForcibly().waitFor();
  }

  /** Unmounts by the server's own hand. */
  void endServer() throws Exception {
    server.getOutputStream().close();
    awaitEnd();
  }

  void awaitEnd() throws Exception {
    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
    assertThat(output).isEmpty();
  }

  void umount() throws Exception {
    run(0, List.of("umount", mount.toString()));
    awaitEnd();
  }

  void assertClean() throws Exception {
    assertThat(run(0, List.of("e2fsck", "-fn", image.toString()))).doesNotContain("WARNING");
  }

  /** Runs a command, whose status must be the one given. */
  static String run(int status, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    builder.environment().merge("PATH", ":/usr/sbin:/sbin", String::concat);
    builder.redirectInput(Path.of("/dev/null").toFile());
    Path text = Files.createTempFile("pmem4j-fuse", ".txt");
    try {
      Process process = builder.redirectOutput(text.toFile()).start();
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " still runs after " + MOST_SECONDS + " s");
      }
      String output = new String(Files.readAllBytes(text), StandardCharsets.ISO_8859_1);
      assertThat(process.exitValue()).as(command + ":\n" + output).isEqualTo(status);
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
      if (server != null && server.isAlive()) {
        kill();
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
