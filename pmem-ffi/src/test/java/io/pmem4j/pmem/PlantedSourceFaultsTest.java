// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Production sources with one fault each, compiled and run: the test that stands for the invariant
 * passes on what is in the sources, and fails on what is planted. The faults are in the table
 * {@code planted-faults.txt}; one whose text is no longer in the source fails too.
 */
@Timeout(120)
class PlantedSourceFaultsTest {
  private static final Path SOURCES = Path.of("src/main/java/io/pmem4j/pmem");
  private static final Path CLASSES = Path.of("target/classes");
  private static final Path TESTS = Path.of("target/test-classes");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  @TempDir Path folder;

  private static final long PATIENCE_MILLIS = 60_000;

  /** After so long a test that has passed on the sound source has failed: it waits for ever. */
  private static final long PATIENCE_WITH_FAULT_MILLIS = 8_000;

  private static final Pattern COUNTS =
      Pattern.compile("found ([0-9]+) failed ([0-9]+) skipped ([0-9]+)");

  /**
   * One row: what is wrong, where, the text and what takes its place, who has to see it, and if
   * that needs a JVM of its own, the environment there.
   */
  record Fault(
      String name,
      String source,
      String text,
      String planted,
      String test,
      @Nullable Map<String, String> environment) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Fault> faults() throws IOException {
    List<Fault> faults = new ArrayList<>();
    String table = Files.readString(Path.of("src/test/resources/planted-faults.txt"));
    for (String row : table.split("\n\n", -1)) {
      List<String> lines =
          row.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
      if (!lines.isEmpty()) {
        assertThat(lines).hasSize(4);
        String[] who = lines.get(1).split(" -> | in a JVM ?", -1);
        faults.add(
            new Fault(
                lines.getFirst(),
                who[0],
                lines.get(2).replaceFirst("^- ", ""),
                lines.get(3).replaceFirst("^\\+ ?", ""),
                who[1],
                who.length < 3 ? null : environment(who[2])));
      }
    }
    return faults;
  }

  private static Map<String, String> environment(String words) {
    return Stream.of(SPACE.split(words, -1))
        .filter(word -> !word.isEmpty())
        .map(word -> word.split("=", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
  }

  /** Tests found, failed, and not run. */
  private record Counts(long found, long failed, long skipped) {}

  @ParameterizedTest
  @MethodSource("faults")
  void found(Fault fault) throws Exception {
    String source = Files.readString(SOURCES.resolve(fault.source() + ".java"));
    // Lines may be broken elsewhere tomorrow.
    Pattern text =
        Pattern.compile(
            Stream.of(SPACE.split(fault.text(), -1))
                .map(Pattern::quote)
                .reduce((a, b) -> a + "\\s+" + b)
                .orElseThrow());
    assertThat(text.matcher(source).results().count()).as("in %s", fault.source()).isEqualTo(1);
    Counts sound = run(fault, compiled("sound", fault, source), PATIENCE_MILLIS);
    assumeTrue(sound.skipped() == 0, "not to be run");
    assertThat(sound.found()).isPositive();
    assertThat(sound.failed()).isZero();
    String planted =
        text.matcher(source).replaceAll(java.util.regex.Matcher.quoteReplacement(fault.planted()));
    Counts found = run(fault, compiled("planted", fault, planted), PATIENCE_WITH_FAULT_MILLIS);
    assertThat(found.failed()).isPositive();
  }

  /** Runs a test with the classes of a folder in the place of those of the build. */
  private Counts run(Fault fault, Path classes, long patienceMillis) throws Exception {
    int dot = fault.test().indexOf('.');
    String type = typeName(fault.test().substring(0, dot));
    String method = fault.test().substring(dot + 1);
    Map<String, String> environment = fault.environment();
    if (environment == null) {
      TestExecutionSummary summary = run(type, method, classes);
      return new Counts(
          summary.getTestsFoundCount(),
          summary.getTotalFailureCount(),
          summary.getTestsSkippedCount() + summary.getTestsAbortedCount());
    }
    Path output = folder.resolve("output");
    Process child =
        ChildJvm.start(
            folder,
            output,
            classes + ":" + CLASSES + ":" + TESTS + ":" + ChildJvm.classPath(),
            environment,
            ForkedTestMain.class.getName(),
            type,
            method,
            Long.toString(patienceMillis));
    try {
      assertThat(child.waitFor(2 * PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    } finally {
      child.destroyForcibly();
    }
    String said = Files.readString(output);
    java.util.regex.Matcher counts = COUNTS.matcher(said);
    if (!counts.find()) {
      System.out.println(said);
      return new Counts(1, 1, 0); // the fault has ended the JVM
    }
    return new Counts(
        Long.parseLong(counts.group(1)),
        Long.parseLong(counts.group(2)),
        Long.parseLong(counts.group(3)));
  }

  private static String typeName(String simple) {
    String here = PlantedSourceFaultsTest.class.getPackageName() + ".";
    return TESTS.resolve((here + simple).replace('.', '/') + ".class").toFile().exists()
        ? here + simple
        : here + "contract." + simple;
  }

  private Path compiled(String name, Fault fault, String source) throws IOException {
    Path classes = Files.createDirectories(folder.resolve(name));
    Path file = Files.writeString(classes.resolve(fault.source() + ".java"), source);
    int exit =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "-nowarn",
                "-proc:none",
                "-cp",
                CLASSES + ":" + ChildJvm.classPath(),
                "-d",
                classes.toString(),
                file.toString());
    assertThat(exit).as("compiles").isZero();
    return classes;
  }

  private static TestExecutionSummary run(String test, String name, Path classes) throws Exception {
    URL[] places = {url(classes), url(CLASSES), url(TESTS)};
    try (ChildFirst loader = new ChildFirst(places)) {
      Class<?> type = loader.loadClass(test);
      Method method =
          Stream.<Class<?>>iterate(type, c -> c != null, Class::getSuperclass)
              .flatMap(c -> Arrays.stream(c.getDeclaredMethods()))
              .filter(candidate -> candidate.getName().equals(name))
              .findFirst()
              .orElseThrow();
      SummaryGeneratingListener listener = new SummaryGeneratingListener();
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(selectMethod(type, method))
                  .build(),
              listener);
      return listener.getSummary();
    }
  }

  private static URL url(Path path) throws IOException {
    return path.toUri().toURL();
  }

  /** Loads this module's region classes anew; everything else as it is. */
  private static final class ChildFirst extends URLClassLoader {
    ChildFirst(URL[] places) {
      super(places, PlantedSourceFaultsTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        if (!name.startsWith("io.pmem4j.pmem.")) {
          return super.loadClass(name, resolve);
        }
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }
  }
}
