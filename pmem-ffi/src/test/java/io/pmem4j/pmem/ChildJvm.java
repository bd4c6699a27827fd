// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** A JVM with an environment of its own, for what may kill it and for libpmem's variables. */
public final class ChildJvm {
  private static final long LIMIT_SECONDS = 180;

  private ChildJvm() {}

  /** The exit code and output; the code is above 128 after a signal. */
  public record Result(int exit, String output) {}

  /** The class path of this JVM, whichever way it is split over module path and class path. */
  public static String classPath() {
    String modules = Objects.toString(System.getProperty("jdk.module.path"), "");
    return modules + ":" + System.getProperty("java.class.path");
  }

  /** Starts {@code main}; output and errors go to {@code output}. */
  public static Process start(
      Path folder, Path output, String classPath, Map<String, String> environment, String... main)
      throws IOException {
    return start(folder, output, classPath, List.of(), environment, main);
  }

  /** Starts {@code main} by a command that runs the command behind it. */
  private static Process start(
      Path folder,
      Path output,
      String classPath,
      List<String> prefix,
      Map<String, String> environment,
      String... main)
      throws IOException {
    ProcessBuilder builder = builder(folder, classPath, List.of(), main);
    builder.command().addAll(0, prefix);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * Returns a builder of a JVM that runs {@code main}, with further options. It ends with this JVM
   * if it has the class path of this one.
   */
  public static ProcessBuilder builder(
      Path folder, String classPath, List<String> options, String... main) {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:-CreateCoredumpOnCrash",
            // C2 of JDK 25.0.3 crashes now and then when it compiles this method of the JDK.
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=exclude,jdk.internal.classfile.impl.StackMapGenerator::processBlock",
            "-XX:ErrorFile=" + folder.resolve("hs_err"),
            "-Xmx256m",
            "-XX:+UseSerialGC"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath));
    int first = 0; // some tests give further ones before the class
    while (main[first].startsWith("-")) {
      command.add(main[first++]);
    }
    if (classPath.equals(classPath())) {
      command.add(WatchedMain.class.getName());
      command.add(Long.toString(ProcessHandle.current().pid()));
    }
    command.addAll(List.of(main).subList(first, main.length));
    ProcessBuilder builder = new ProcessBuilder(command);
    // Nothing of the environment that the tests themselves were started in.
    builder.environment().keySet().removeIf(name -> name.startsWith("PMEM_"));
    return builder;
  }

  /** Runs {@code main} to its end. */
  public static Result run(Path folder, Map<String, String> environment, String... main)
      throws IOException, InterruptedException {
    return run(folder, List.of(), environment, main);
  }

  /** Runs {@code main} to its end, by a command that runs the command behind it. */
  public static Result run(
      Path folder, List<String> prefix, Map<String, String> environment, String... main)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "child", ".out");
    Process process = start(folder, output, classPath(), prefix, environment, main);
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    if (!ended) {
      throw new AssertionError("child did not end: " + text);
    }
    return new Result(process.exitValue(), text);
  }
}
