// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.report.Campaign;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code crash campaign} on the model: resumed where it was killed, sharded and merged. */
class CrashCampaignTest {
  @TempDir Path folder;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private record Ran(int status, String output) {}

  private static Ran run(String... arguments) {
    StringWriter output = new StringWriter();
    int status =
        new CommandLine(new CrashCampaignCommand())
            .setOut(new PrintWriter(output))
            .setErr(new PrintWriter(output))
            .execute(
                Stream.concat(
                        Stream.of("--generated", "8", "--operations", "6"), Stream.of(arguments))
                    .toArray(String[]::new));
    return new Ran(status, output.toString());
  }

  @Test
  void aKilledRunGoesOnAfterItsLastWholeLine() throws Exception {
    Path whole = folder.resolve("whole");
    Ran first = run("--results", whole.toString());
    assertThat(first.status()).as(first.output()).isZero();
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(bytes, bytes.length / 2));
    Ran resumed = run("--results", cut.toString());
    assertThat(resumed.status()).as(resumed.output()).isZero();
    assertThat(resumed.output()).contains("not run again: ");
    Campaign one = Campaign.read(List.of(whole));
    Campaign other = Campaign.read(List.of(cut));
    assertThat(other.programs().keySet()).isEqualTo(one.programs().keySet()).isNotEmpty();
    assertThat(other.coverage()).isEqualTo(one.coverage()).containsKey("crash states");
    assertThat(other.verdict()).isEqualTo("PASS");
    assertThat(run("--results", cut.toString(), "--seed", "1").output())
        .contains("is of another campaign or shard");
  }

  @Test
  void shardsAreOneReport() throws Exception {
    Path first = folder.resolve("one");
    Path second = folder.resolve("two");
    assertThat(run("--shard", "1/2", "--results", first.toString()).status()).isZero();
    assertThat(run("--shard", "2/2", "--results", second.toString()).status()).isZero();
    Campaign merged = Campaign.read(List.of(first, second));
    Path whole = folder.resolve("all");
    run("--results", whole.toString());
    assertThat(merged.programs().keySet())
        .isEqualTo(Campaign.read(List.of(whole)).programs().keySet());
    assertThat(merged.line()).contains("report: PASS: crash on model, 2 of 2 shards");
  }

  @Test
  void unknownBackendsAndModesAreRefused() {
    assertThat(run("--on", "host:/tmp").status()).isEqualTo(2);
    assertThat(run("--mode", "page").output()).contains("expected x86, java or auto-flush");
  }
}
