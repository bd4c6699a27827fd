// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.MutantProgram;
import io.pmem4j.harness.kernel.GuestFiles;
import java.io.File;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Every mutant dies by the unit tests and the programs that its file names. The explorer's
 * scenarios and the tests that need a JVM of their own have a test each.
 */
@Tag("slow")
class MutantKillersTest {
  /** The property with the classes that child JVMs of a unit test see first. */
  private static final String FIRST = "pmem4j.first.class.path";

  /** One for all: a new one reads the index of each jar of the class path again. */
  private static MutantCompiler compiler;

  @TempDir Path folder;

  @BeforeAll
  static void openCompiler() {
    compiler = new MutantCompiler();
  }

  @AfterAll
  static void closeCompiler() throws Exception {
    compiler.close();
  }

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  static Stream<Arguments> programs() throws Exception {
    return MutantKillers.of(Killer.ShippedProgram.class);
  }

  static Stream<Arguments> unitTests() throws Exception {
    return MutantKillers.of(Killer.UnitTest.class);
  }

  static Stream<Arguments> claims() throws Exception {
    return MutantKillers.of(Killer.Claim.class);
  }

  @ParameterizedTest
  @MethodSource("programs")
  void aProgramKills(Mutant mutant, Killer.ShippedProgram killer) throws Exception {
    assertThat(new MutantProgram().apply(killer.program())).isEmpty();
    try (MutantLoader loader = MutantLoader.of(mutant, compiler.compile(mutant), List.of())) {
      assertThat(loader.apply(MutantProgram.class, killer.program()))
          .as("%s survives program %s", mutant.name(), killer.program())
          .anySatisfy(finding -> assertThat(finding).contains(killer.place()));
    }
  }

  @ParameterizedTest
  @MethodSource("unitTests")
  void aUnitTestKills(Mutant mutant, Killer.UnitTest killer) throws Exception {
    List<Path> tests = new ArrayList<>();
    for (String module : List.of("pmem-ffi", "pmem-ffi/testkit", "ext2-dax")) {
      Path classes = GuestFiles.home().resolve(module).resolve("target/test-classes");
      assumeTrue(Files.isDirectory(classes), classes + " does not exist: its tests are not built");
      tests.add(classes);
    }
    Map<String, byte[]> mutated = compiler.compile(mutant);
    MutantKillers.write(mutated, folder);
    System.setProperty(
        FIRST,
        Stream.concat(Stream.of(folder), tests.stream())
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    try (MutantLoader loader = MutantLoader.of(mutant, mutated, tests)) {
      TestExecutionSummary summary = run(loader, killer);
      long left = summary.getTestsSkippedCount() + summary.getTestsAbortedCount();
      assumeTrue(left == 0, killer.type() + "#" + killer.method() + " is not to be run here");
      assertThat(summary.getTestsFoundCount()).as(mutant.name()).isPositive();
      List<String> failures = new ArrayList<>();
      summary.getFailures().forEach(failure -> failures.add(failure.getException().toString()));
      String what = "%s survives test %s".formatted(mutant.name(), killer);
      assertThat(failures).as(what).hasSize((int) summary.getTestsFoundCount());
      assertThat(failures)
          .as(what)
          .allSatisfy(failure -> assertThat(failure).contains(killer.says()));
    } finally {
      System.clearProperty(FIRST);
    }
  }

  private static TestExecutionSummary run(MutantLoader loader, Killer.UnitTest killer)
      throws Exception {
    Class<?> type = loader.loadClass(killer.type());
    Method method = named(type, killer.method());
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selectMethod(type, method)).build(),
            listener);
    return listener.getSummary();
  }

  @ParameterizedTest
  @MethodSource("claims")
  void aClaimRunsOnItsMutant(Mutant mutant, Killer.Claim killer) throws Exception {
    Method method = named(Class.forName(killer.type()), killer.method());
    assertThat(method.getAnnotation(OnMutant.class)).isNotNull();
    assertThat(method.getAnnotation(OnMutant.class).value()).isEqualTo(mutant.name());
  }

  private static Method named(Class<?> type, String name) {
    return Stream.<Class<?>>iterate(type, c -> c != null, Class::getSuperclass)
        .flatMap(c -> Arrays.stream(c.getDeclaredMethods()))
        .filter(candidate -> candidate.getName().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError(
                type
                    + " has no method "
                    + name
                    + ": "
                    + Arrays.stream(type.getDeclaredMethods())
                        .map(Method::getName)
                        .collect(Collectors.joining(", "))));
  }
}
