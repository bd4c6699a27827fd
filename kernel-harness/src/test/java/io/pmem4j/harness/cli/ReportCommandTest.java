// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.report.CampaignEnd;
import io.pmem4j.harness.report.CampaignFile;
import io.pmem4j.harness.report.CampaignSettings;
import io.pmem4j.harness.report.ProgramLine;
import io.pmem4j.harness.report.Shard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verb {@code report} on files of campaigns of different kernels and seeds. */
class ReportCommandTest {
  @TempDir Path folder;

  private String campaign(String kernel, long seed, Map<String, Map<String, Integer>> coverage)
      throws IOException {
    Path path = folder.resolve(kernel);
    CampaignSettings settings =
        new CampaignSettings(
            "conform", kernel, "domain=none", "shipped", 60, seed, Shard.WHOLE, Map.of());
    try (CampaignFile file = CampaignFile.resume(path, settings)) {
      file.add(
          new ProgramLine(
              "p-" + seed,
              "a title",
              Verdict.AGREED,
              1234,
              5,
              List.of(),
              List.of(),
              Map.of(),
              coverage,
              List.of(),
              List.of(),
              ""));
      file.end(new CampaignEnd(Set.of(), List.of(), Map.of(), 1));
    }
    return path.toString();
  }

  @Test
  void coverageAddsUpKernelsProcessesAndEvents() throws Exception {
    String merged =
        campaign(
            "merged",
            100,
            Map.of(
                "open", Map.of("0", 2, "more than 0", 1003, "ENOENT", 7, "EROFS", 9),
                "in open", Map.of("more than 0", 20, "ENOENT", 1),
                "load", Map.of("1 [dax_pte_fault]", 4, "SIGBUS/2 [dax_pte_fault]", 3)));
    String later = campaign("6.1", 200, Map.of("open", Map.of("ENOENT", 4)));
    Ran ran = Ran.run("report", "coverage", merged, later);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.status()).isZero();
    assertThat(ran.out())
        .isEqualTo(
            """
            | campaign | first seed | programs | operations | agreed | in part | diverged |
            |---|---|---|---|---|---|---|
            | conform merged, shipped | 100 | 1 | 1,234 | 1 | 0 | 0 |
            | conform 6.1, shipped | 200 | 1 | 1,234 | 1 | 0 | 0 |

            | verb | ok | errors and signals |
            |---|---|---|
            | load | 4 | SIGBUS/2 3 |
            | open | 1,025 | ENOENT 12, EROFS 9 |
            """);
  }

  @Test
  void whatCannotBeDoneIsUsage() throws Exception {
    String merged = campaign("merged", 100, Map.of());
    assertThat(Ran.run("report", "merge", merged).status()).isZero();
    assertThat(Ran.run("report", "sum", merged).err())
        .contains("report 'sum': expected report merge FILE... or report coverage FILE...");
    assertThat(Ran.run("report", "sum", merged).status()).isEqualTo(2);
    assertThat(Ran.run("report", "coverage", merged, "--json").status()).isEqualTo(2);
    Path none = Files.writeString(folder.resolve("none"), "text\n");
    assertThat(Ran.run("report", "coverage", merged, none.toString()).err())
        .contains(none + ":1: no results of a campaign");
  }
}
