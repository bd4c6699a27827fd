// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pmem4j.harness.Required;
import java.io.BufferedReader;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad input: one clear line on stderr, the right exit status. */
class MainTest {
  private static Path program(Path folder, String text) throws Exception {
    return Files.writeString(folder.resolve("program.p4j"), text);
  }

  @Test
  void anUnknownVerbNamesTheVerbs() {
    Ran ran = Ran.run("frobnicate");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("frobnicate").contains("conform").contains("kernel");
  }

  @Test
  void theOptionsOfOtherVerbsAreNotRead() {
    assertThat(Main.commandLine("doctor", "/").getSubcommands()).containsOnlyKeys("doctor");
    assertThat(Main.commandLine("frobnicate").getSubcommands()).containsKeys("doctor", "df");
    assertThat(Main.commandLine("--help").getSubcommands()).containsKeys("doctor", "df");
  }

  @Test
  void whoReadsJsonGetsALineOfAnyError(@TempDir Path folder) throws Exception {
    String absent = folder.resolve("absent.p4j").toString();
    for (String[] arguments :
        new String[][] {
          {"frobnicate", "--json"},
          {"conform", "--kernel", "nonesuch", "--json"},
          {"run", absent, "--json"},
          {"explore", "nonesuch", "--json"},
          {"doctor", "--json"},
        }) {
      Ran ran = Ran.run(arguments);
      assertThat(ran.status()).isEqualTo(2);
      JsonNode line = new ObjectMapper().readTree(ran.out().lines().toList().getLast());
      assertThat(line.get("verdict").asText()).isEqualTo("ERROR");
      assertThat(line.get("message").asText()).isNotBlank();
      assertThat(line.has("verb") && line.has("seconds") && line.has("counts")).isTrue();
      assertThat(ran.err()).isNotBlank();
    }
  }

  @Test
  void noVerbIsUsage() {
    assertThat(Ran.run().status()).isEqualTo(2);
  }

  @Test
  void anUnknownKernelNamesTheKernels() {
    Ran ran = Ran.run("conform", "--kernel", "nonesuch");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("nonesuch").contains("merged").hasLineCount(1);
  }

  @Test
  void anUnknownRowOfHardwareNamesTheWords(@TempDir Path folder) throws Exception {
    String program = program(folder, "sync\n").toString();
    for (String[] verb :
        new String[][] {{"guest"}, {"run", program, "--on", "guest:merged"}, {"conform"}}) {
      Ran ran =
          Ran.run(
              Stream.concat(Stream.of(verb), Stream.of("--machine=domain=battery"))
                  .toArray(String[]::new));
      assertThat(ran.status()).isEqualTo(2);
      assertThat(ran.err())
          .contains("machine 'domain=battery': unknown word 'domain=battery', expected domain=cpu,")
          .hasLineCount(1);
    }
  }

  @Test
  void aCampaignWithoutAPathOrWithABadJournalIsUsage(@TempDir Path folder) {
    for (String[] arguments :
        new String[][] {
          {"crash", "device", "--json"},
          {"crash", "device", folder.toString(), "--workers=0", "--json"},
          {"crash", "device", folder.toString(), "--journal=tcp://host", "--json"},
          {"crash", "device", folder.toString(), "--listen=1", "--json"}
        }) {
      Ran ran = Ran.run(arguments);
      assertThat(ran.status()).as(ran.err()).isEqualTo(2);
      assertThat(ran.out()).startsWith("{\"verb\":\"crash device\",\"verdict\":\"ERROR\"");
    }
    Ran absent = Ran.run("crash", "device", folder.resolve("absent").toString());
    assertThat(absent.status()).isEqualTo(3);
    assertThat(absent.err()).contains("is not there: mount the file system").hasLineCount(1);
  }

  @Test
  void hardwareIsOfBootedKernels(@TempDir Path folder) throws Exception {
    Ran ran = Ran.run("run", program(folder, "sync\n").toString(), "--machine", "unarmed");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err())
        .contains("machine domain=none,unarmed needs a backend that boots a kernel")
        .contains("found model")
        .hasLineCount(1);
  }

  @Test
  void aMissingProgramIsOneLine(@TempDir Path folder) {
    Ran ran = Ran.run("run", folder.resolve("absent.p4j").toString());
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("absent.p4j").contains("no such file").hasLineCount(1);
  }

  @Test
  void anUnknownOperationIsOneLineWithItsPlace(@TempDir Path folder) throws Exception {
    Ran ran = Ran.run("run", program(folder, "sync\nfly f\n").toString());
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("program.p4j:2: unknown operation 'fly'").hasLineCount(1);
  }

  @Test
  void anUnknownBackendNamesTheBackends(@TempDir Path folder) throws Exception {
    Ran ran = Ran.run("run", program(folder, "sync\n").toString(), "--on", "model,moon");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("moon").contains("model");
  }

  @Test
  void whenEveryProgramIsLeftOutTheExitSaysThatNothingWasShown(@TempDir Path folder)
      throws Exception {
    String host = "host:" + folder;
    String ext2 = program(folder, "scope ext2\n\nsync\n").toString();
    Ran scope = Ran.run("run", ext2, "--on", host);
    assertThat(scope.status()).isEqualTo(3);
    assertThat(scope.out())
        .containsPattern("note: host:\\S+: not run: the program is one of scope ext2, and this is ")
        .contains("run: ERROR: 1 programs, 0 agreed, 0 diverged, 1 not run");
    String freezes = program(folder, "scope posix\n\nfreeze\n").toString();
    Ran shared = Ran.run("run", freezes, "--on", host);
    assertThat(shared.status()).isEqualTo(3);
    assertThat(shared.out()).contains("not run: line 3: freeze: only with --exclusive");
    Ran inside = Ran.run("run", freezes, "--on", host, "--exclusive");
    assertThat(inside.status()).isEqualTo(2);
    assertThat(inside.err()).contains("--exclusive needs the root of a mount").hasLineCount(1);
  }

  @Test
  void disksOfThisMachineAreNotPoisoned(@TempDir Path folder) throws Exception {
    String text = "scope posix\n\nopen f /a rw creat\npwrite f 0 x41*4096\npoison f 0 1P\n";
    Ran ran = Ran.run("run", program(folder, text).toString(), "--on", "host:" + folder);
    assertThat(ran.status()).isEqualTo(3);
    assertThat(ran.out())
        .contains("not run: line 5: poison f 0 1P: only on a kernel that is booted for it");
  }

  @Test
  void twoKernelsThatTheModelCannotBothFollowAreRefused(@TempDir Path folder) throws Exception {
    Ran ran =
        Ran.run(
            "run", program(folder, "sync\n").toString(), "--on", "model,guest:merged,guest:series");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("merged, series").hasLineCount(1);
  }

  @Test
  void theKernelsAreListedWithTheirBootArgument() {
    Ran ran = Ran.run("kernel", "list");
    assertThat(ran.status()).isZero();
    assertThat(ran.out()).contains("merged").contains("ext2.lab=unlocked").contains("SERIES");
  }

  @Test
  void everyVerbExplainsItself() {
    for (String verb : new String[] {"conform", "run", "kernel", "guest"}) {
      Ran ran = Ran.run(verb, "--help");
      assertThat(ran.status()).isZero();
      assertThat(ran.out()).contains(verb);
    }
  }

  @Test
  void aBrokenExpectationIsAFinding(@TempDir Path folder) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    Ran ran =
        Ran.run(
            "run", program(folder, "open f /a rw creat\nfstat f => size=1\n").toString(), "--json");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out()).contains("model misses size=1");
    assertThat(ran.out().lines().toList().getLast())
        .contains("\"verdict\":\"FAIL\"")
        .contains("\"diverged\":1");
  }

  /** Runs {@link Main} in a JVM of its own. */
  private static Ran child(List<String> jvm, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvm);
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).start();
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Ran(process.exitValue(), out, String.join("\n", err.lines().toList()));
    } finally {
      process.destroyForcibly();
    }
  }

  /** An error of the JVM is no finding: exit 1 would say that a file system answered wrongly. */
  @Test
  void anErrorOfTheJvmIsAnErrorOfTheEnvironment(@TempDir Path folder) throws Exception {
    Path program = folder.resolve("long.p4j");
    // Within the limit of a program file, beyond this heap once it is parsed.
    Files.writeString(program, "open f /a rw creat\n".repeat(100_000));
    String classPath = System.getProperty("java.class.path");
    Ran full = child(List.of("-Xmx12m", "-cp", classPath), "run", program.toString(), "--json");
    assertThat(full.status()).as(full.err()).isEqualTo(3);
    assertThat(full.err()).contains("pmem4j: out of memory");
    assertThat(full.out()).contains("\"verdict\":\"ERROR\"");
    String withoutModel =
        Arrays.stream(classPath.split(File.pathSeparator, -1))
            .filter(entry -> !entry.contains("ext2-dax"))
            .collect(Collectors.joining(File.pathSeparator));
    Ran incomplete = child(List.of("-cp", withoutModel), "run", "all", "--quiet");
    assertThat(incomplete.status()).as(incomplete.err()).isEqualTo(3);
    assertThat(incomplete.err()).contains("a part of pmem4j is missing");
  }

  @ParameterizedTest
  @CsvSource({
    "run /dev/zero, not a regular file",
    "run EMPTY, has no programs",
    "conform --programs EMPTY, has no programs",
    "run all --on host:, names no directory",
    "run all --on host:/nonexistent, does not exist",
    "run all --on host:/etc/passwd, is not a directory",
    "'run all --on model,model', named twice",
  })
  void anArgumentThatCannotBeUsedIsOneLineAndExit2(
      String line, String message, @TempDir Path folder) {
    Ran ran = Ran.run(line.replace("EMPTY", folder.toString()).split(" "));
    assertThat(ran.err()).contains(message);
    assertThat(ran.err().lines()).hasSizeLessThanOrEqualTo(2);
    assertThat(ran.status()).isEqualTo(2);
  }

  @Test
  void aDirectoryWhereNothingCanBeMadeIsNamed() {
    Ran ran = Ran.run("run", "all", "--on", "host:/proc,model");
    assertThat(ran.status()).isEqualTo(3);
    assertThat(ran.err()).contains("no directory can be made in /proc").hasLineCount(1);
  }

  @Test
  void aQuietRunShowsOutcomesOnlyWhereSomethingIsWrong(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a-right.p4j"), "open f /a rw creat => result=0\n");
    Files.writeString(folder.resolve("b-wrong.p4j"), "open f /b rw creat => result=1\n");
    Ran loud = Ran.run("run", folder.toString());
    Ran quiet = Ran.run("run", folder.toString(), "--quiet");
    assertThat(loud.status()).isEqualTo(1);
    assertThat(quiet.status()).isEqualTo(1);
    assertThat(loud.out()).contains("a-right", "open f /a", "open f /b");
    assertThat(quiet.out()).contains("a-right", "b-wrong", "open f /b").doesNotContain("open f /a");
  }
}
