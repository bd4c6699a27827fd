// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.report.Campaign;
import io.pmem4j.harness.report.HtmlReport;
import io.pmem4j.harness.report.JsonLine;
import io.pmem4j.harness.report.JunitReport;
import io.pmem4j.harness.report.OutcomeTable;
import io.pmem4j.harness.report.ProgramLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code report}: the results of a campaign's parts as one, and what campaigns covered. */
@Command(
    name = "report",
    description = {
      "report merge joins the files that conform and crash campaign have written with",
      "--results for all parts of a campaign, and gives one verdict: FAIL if a program",
      "diverged or broke a promise, ERROR if a part is missing or has no end, else",
      "PASS.",
      "report coverage prints how often each verb ended well, with each errno and by",
      "each signal, as tables in Markdown. Its files may be of different campaigns."
    })
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "ACTION", description = "merge or coverage")
  private String action = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "FILE",
      description = "files of --results")
  private List<Path> files = List.of();

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "merge: write a report to FILE that needs no other file")
  private @Nullable Path html;

  @Option(names = "--junit", paramLabel = "FILE", description = "merge: write JUnit's XML to FILE")
  private @Nullable Path junit;

  @Option(names = "--json", description = "merge: end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  ReportCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    return switch (action) {
      case "merge" -> merge(out);
      case "coverage" -> coverage(out);
      default ->
          throw new ParameterException(
              spec.commandLine(),
              "report '" + action + "': expected report merge FILE... or report coverage FILE...");
    };
  }

  private int coverage(PrintWriter out) throws IOException {
    if (html != null || junit != null || json) {
      throw new ParameterException(
          spec.commandLine(), "report coverage: --html, --junit and --json go with report merge");
    }
    out.print(OutcomeTable.read(files).markdown());
    out.flush();
    return ExitStatus.HOLDS;
  }

  private int merge(PrintWriter out) throws Exception {
    Campaign campaign = Campaign.read(files);
    campaign.findings().forEach(finding -> out.println("! " + finding));
    for (ProgramLine program : campaign.diverged()) {
      out.println(
          campaign.word(ProgramResult.Verdict.DIVERGED).toUpperCase(Locale.ROOT)
              + " "
              + program.program());
      program.findings().forEach(finding -> out.println("    " + finding));
    }
    if (html != null) {
      HtmlReport.write(campaign, html);
    }
    if (junit != null) {
      JunitReport.write(campaign, junit);
    }
    out.println(campaign.line());
    if (json) {
      out.println(
          new JsonLine(
              "report",
              campaign.verdict(),
              campaign.seconds(),
              Map.of(
                  "programs", campaign.programs().size(),
                  "operations", campaign.operations(),
                  "diverged", campaign.diverged().size(),
                  "findings", campaign.findings().size())));
    }
    out.flush();
    return switch (campaign.verdict()) {
      case "PASS" -> ExitStatus.HOLDS;
      case "FAIL" -> ExitStatus.FINDING;
      default -> ExitStatus.ENVIRONMENT;
    };
  }
}
