// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.KernelImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The classes of a program, parsed and verified on the host by the guest's own JVM. That is half of
 * the work that a JVM on an emulated processor does before main.
 */
public final class ClassArchive {
  private static final int BOUND_SECONDS = 120;

  private ClassArchive() {}

  /**
   * Runs a jar of a folder that becomes {@code /app}, and leaves {@code NAME.jsa} beside it.
   *
   * @param scratch an empty folder, for the run
   */
  static void train(Path folder, String name, Path scratch, String... arguments)
      throws IOException, InterruptedException {
    dump(
        folder,
        name,
        scratch,
        List.of("-jar", folder.resolve(name + ".jar").toString()),
        arguments);
  }

  /**
   * Packs {@code classes} of a folder that becomes {@code /app}, runs the program on the host, and
   * leaves its archive beside it. Its class path is {@code classes}, {@code pmem-ffi.jar} and
   * {@code lib}, as far as they are there. A JVM does not start if it cannot use the archive.
   *
   * @param arguments the main class, and what the run on the host takes
   * @return what a JVM of the guest takes before the main class
   */
  public static List<String> ofProgram(Path folder, String... arguments)
      throws IOException, InterruptedException {
    pack(folder.resolve("classes"), folder.resolve("program.jar"));
    List<String> jars = new ArrayList<>(List.of("program.jar"));
    if (Files.exists(folder.resolve("pmem-ffi.jar"))) {
      jars.add("pmem-ffi.jar");
    }
    if (Files.isDirectory(folder.resolve("lib"))) {
      try (Stream<Path> libraries = Files.list(folder.resolve("lib"))) {
        libraries.map(jar -> "lib/" + jar.getFileName()).sorted().forEach(jars::add);
      }
    }
    Path scratch = Files.createTempDirectory(folder.resolveSibling("."), "training");
    dump(folder, "program", scratch, classPath(jars, folder), arguments);
    List<String> options =
        new ArrayList<>(List.of("-XX:SharedArchiveFile=/app/program.jsa", "-Xshare:on"));
    options.addAll(classPath(jars, Path.of("/app")));
    return options;
  }

  private static List<String> classPath(List<String> jars, Path folder) {
    return List.of(
        "-cp",
        jars.stream().map(jar -> folder.resolve(jar).toString()).collect(Collectors.joining(":")));
  }

  /** An archive of classes knows no folders on the class path. */
  private static void pack(Path classes, Path jar) {
    int status =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(System.out, System.err, "-cf0", jar.toString(), "-C", classes.toString(), ".");
    assertThat(status).isZero();
  }

  private static void dump(
      Path folder, String name, Path scratch, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    run(
        scratch,
        List.of("debugfs", "-R", "rdump /jdk " + scratch, KernelImages.jvmRoot().toString()));
    List<String> command = new ArrayList<>(GuestJvm.java());
    command.set(0, scratch.resolve("jdk/bin/java").toString());
    Path archive = folder.resolve(name + ".jsa");
    command.add("-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(options);
    command.addAll(List.of(arguments));
    run(scratch, command);
    assertThat(archive).isNotEmptyFile();
  }

  private static void run(Path scratch, List<String> command)
      throws IOException, InterruptedException {
    Path log = scratch.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try {
      assertThat(process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
