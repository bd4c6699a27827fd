// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A mutant that may end its JVM, or never end, dies by a test in a JVM of its own. */
@Tag("slow")
class ForkedMutantKillersTest {
  private static final long SOUND_MILLIS = 60_000;

  /** A test that has passed without the mutant hangs if it takes longer. */
  private static final long MUTANT_MILLIS = 8_000;

  @TempDir Path folder;

  static Stream<Arguments> forkedTests() throws Exception {
    return MutantKillers.of(Killer.ForkedTest.class);
  }

  /** The same test passes in such a JVM without the mutant, or the mutant is not what ends it. */
  @ParameterizedTest
  @MethodSource("forkedTests")
  void aTestInAJvmOfItsOwnKills(Mutant mutant, Killer.ForkedTest killer) throws Exception {
    Path module = mutant.module();
    Path tests = module.resolve("target/test-classes");
    assumeTrue(Files.isDirectory(tests), tests + " does not exist: its tests are not built");
    String sound = forked(module, killer, tests.toString(), SOUND_MILLIS);
    assumeTrue(!sound.contains("skipped 1"), "is not to be run here: " + sound);
    assertThat(sound).containsPattern("found [1-9][0-9]* failed 0 skipped 0");
    try (MutantCompiler compiler = new MutantCompiler()) {
      MutantKillers.write(compiler.compile(mutant), folder);
    }
    String path = folder + File.pathSeparator + tests;
    // A mutant that ends the JVM prints no counts.
    assertThat(forked(module, killer, path, MUTANT_MILLIS))
        .as("%s survives jvm %s", mutant.name(), killer)
        .doesNotContain("failed 0");
  }

  private String forked(Path module, Killer.ForkedTest killer, String first, long millis)
      throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=exclude,jdk.internal.classfile.impl.StackMapGenerator::processBlock",
            "-XX:ErrorFile=" + folder.resolve("hs_err"),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-cp",
            first + File.pathSeparator + System.getProperty("java.class.path"),
            "io.pmem4j.pmem.ForkedTestMain",
            killer.type(),
            killer.method(),
            Long.toString(millis));
    builder.environment().keySet().removeIf(name -> name.startsWith("PMEM_"));
    builder.environment().putAll(killer.environment());
    Process child =
        builder
            .directory(module.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(child.waitFor(2 * SOUND_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    } finally {
      child.destroyForcibly();
    }
    return Files.readString(output);
  }
}
