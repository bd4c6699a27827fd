// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The documents' examples as a user's Maven project: its dependency, the artifact as installed, and
 * a run that loses nothing to kill -9.
 */
@Timeout(240)
@Tag("slow")
class OutsideProjectTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int LIMIT_SECONDS = 120;

  @TempDir static Path project;

  private static String classPath;

  /** The first block of this language in a document. */
  static String block(String document, String language) throws Exception {
    Matcher block =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve(document)));
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  @BeforeAll
  static void build() throws Exception {
    Files.writeString(
        project.resolve("pom.xml"),
        """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <groupId>org.example</groupId>
          <artifactId>ledger</artifactId>
          <version>1</version>
          <properties>
            <maven.compiler.release>25</maven.compiler.release>
            <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
          </properties>
          <dependencies>
        """
            + block("README.md", "xml")
            + "</dependencies></project>");
    Path sources = Files.createDirectories(project.resolve("src/main/java"));
    Files.writeString(sources.resolve("Journal.java"), block("README.md", "java"));
    Files.writeString(sources.resolve("Ledger.java"), block("docs/cookbook.md", "java"));
    Path resolved = project.resolve("class-path");
    List<String> goals =
        List.of(
            "org.apache.maven.plugins:maven-compiler-plugin:3.16.0:compile",
            "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath",
            "-Dmdep.outputFile=" + resolved);
    String log = maven(goals);
    // Not there is a matter of the order of commands; everything else is a finding.
    assumeTrue(
        !log.contains("Could not find artifact io.pmem4j")
            && !log.contains("io.pmem4j:pmem-ffi:jar:0.1.0-SNAPSHOT has not been downloaded"),
        "pmem-ffi is not installed: ./mvnw install");
    assertThat(project.resolve("target/classes/Ledger.class")).as(log).exists();
    Path artifact = Path.of(Files.readString(resolved).strip().split(":")[0]);
    assumeTrue(isThisBuild(artifact), "another build is installed: ./mvnw install");
    classPath = project.resolve("target/classes") + ":" + Files.readString(resolved).strip();
  }

  private static String maven(List<String> goals) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("mvnw").toString());
    command.addAll(List.of("-B", "-q", "-o"));
    command.addAll(goals);
    Path log = project.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    assertThat(ended).isTrue();
    return Files.readString(log);
  }

  private static boolean isThisBuild(Path artifact) throws Exception {
    Path region = Path.of("io/pmem4j/pmem/PmemRegion.class");
    try (JarFile jar = new JarFile(artifact.toFile())) {
      byte[] installed = jar.getInputStream(jar.getEntry(region.toString())).readAllBytes();
      return java.util.Arrays.equals(
          installed, Files.readAllBytes(Path.of("target/classes").resolve(region)));
    }
  }

  private void losesNothing(Path folder) throws Exception {
    Path file = folder.resolve("ledger");
    long atLeast = 0;
    for (int kills = 1; kills <= 3; kills++) {
      Path output = folder.resolve("output-" + kills);
      Process writer = start(folder, file, output);
      long reached = ExampleTest.killAfter(writer, output, file, atLeast + 100);
      assertThat(ExampleTest.found(output)).isGreaterThanOrEqualTo(atLeast);
      atLeast = reached;
    }
  }

  private static Process start(Path folder, Path file, Path output) throws Exception {
    return ChildJvm.start(folder, output, classPath, Map.of(), "Ledger", file.toString());
  }

  @Test
  void onADisk(@TempDir Path folder) throws Exception {
    losesNothing(folder);
  }

  @Test
  void inMemory(@TempDir(factory = InMemory.class) Path folder) throws Exception {
    losesNothing(folder);
  }

  @Test
  void theJournalPrintsItsEntries(@TempDir Path folder) throws Exception {
    String journal = folder.resolve("journal").toString();
    for (String entry : List.of("one", "two", "three")) {
      Path output = folder.resolve(entry);
      Process run = ChildJvm.start(folder, output, classPath, Map.of(), "Journal", journal, entry);
      assertThat(run.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(run.exitValue()).as(Files.readString(output)).isZero();
    }
    assertThat(Files.readAllLines(folder.resolve("three"))).containsSubsequence("one", "two");
  }
}
