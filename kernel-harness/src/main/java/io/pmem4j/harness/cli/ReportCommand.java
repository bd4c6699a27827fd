// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.report.Campaign;
import io.pmem4j.harness.report.HtmlReport;
import io.pmem4j.harness.report.JsonLine;
import io.pmem4j.harness.report.JunitReport;
import io.pmem4j.harness.report.ProgramLine;
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

/** {@code report merge}: the results of a campaign's parts as one. */
@Command(
    name = "report",
    description = {
      "report merge joins the files that conform and crash campaign have written with",
      "--results for all parts of a campaign, and gives one verdict: FAIL if a program",
      "diverged or broke a promise, ERROR if a part is missing or has no end, else",
      "PASS."
    })
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "merge", description = "the only thing to do with them")
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
      description = "write a report to FILE that needs no other file")
  private @Nullable Path html;

  @Option(names = "--junit", paramLabel = "FILE", description = "write JUnit's XML to FILE")
  private @Nullable Path junit;

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  ReportCommand() {}

  @Override
  public Integer call() throws Exception {
    if (!action.equals("merge")) {
      throw new ParameterException(
          spec.commandLine(), "report '" + action + "': expected report merge FILE...");
    }
    PrintWriter out = spec.commandLine().getOut();
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
