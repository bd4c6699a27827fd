// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * A campaign as one HTML file that needs no other: no script, no font, no picture from elsewhere.
 */
public final class HtmlReport {
  private final StringBuilder html = new StringBuilder();
  private final Campaign campaign;

  private HtmlReport(Campaign campaign) {
    this.campaign = campaign;
  }

  /** Writes the file. */
  public static void write(Campaign campaign, Path file) throws IOException {
    Files.writeString(file, new HtmlReport(campaign).text());
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private String text() throws IOException {
    String title = "conform " + campaign.settings().kernel() + ": " + campaign.verdict();
    line("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">");
    line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    line("<title>" + escaped(title) + "</title>\n<style>\n" + style() + "</style></head>\n<body>");
    line(
        "<h1>ext2-dax beside kernel %s: <span class=\"%s\">%s</span></h1>"
            .formatted(
                escaped(campaign.settings().kernel()), campaign.verdict(), campaign.verdict()));
    line("<p>" + escaped(campaign.line()) + "</p>");
    findings();
    counts();
    rules();
    coverage();
    locks();
    environment();
    line("</body></html>");
    return html.toString();
  }

  private static String style() throws IOException {
    try (InputStream css = HtmlReport.class.getResourceAsStream("/report/report.css")) {
      return new String(Objects.requireNonNull(css).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private void line(String text) {
    html.append(text).append('\n');
  }

  private void section(String name) {
    line("<h2>" + name + "</h2>");
  }

  private void findings() {
    section("Findings");
    if (campaign.diverged().isEmpty() && campaign.findings().isEmpty()) {
      line("<p>None.</p>");
      return;
    }
    for (String finding : campaign.findings()) {
      line("<p class=\"ERROR\">" + escaped(finding) + "</p>");
    }
    for (ProgramLine program : campaign.diverged()) {
      String first = program.findings().isEmpty() ? "" : program.findings().getFirst();
      line(
          "<details><summary><b>%s</b> %s</summary><pre>%s</pre></details>"
              .formatted(escaped(program.program()), escaped(first), escaped(program.text())));
    }
  }

  private void counts() {
    section("Programs");
    line("<table><tr><th>verdict<th>programs</tr>");
    for (Verdict verdict : Verdict.values()) {
      row(verdict.toString(), campaign.count(verdict));
    }
    line("</table>");
  }

  private void row(String name, long count) {
    line("<tr><td>%s<td class=\"n\">%,d</tr>".formatted(escaped(name), count));
  }

  private void rules() {
    section("Rules that forgive a difference");
    line("<table><tr><th>rule<th>applied</tr>");
    campaign.forgiven().forEach(this::row);
    line("</table>");
    if (!campaign.differences().isEmpty()) {
      line("<p>Listed differences of this kernel from 5.10, by operations that showed them:</p>");
      line("<table><tr><th>difference<th>operations</tr>");
      campaign
          .differences()
          .forEach(
              (difference, count) -> row(difference.what() + " (" + difference.why() + ")", count));
      line("</table>");
    }
  }

  private void coverage() {
    section("Coverage");
    line("<table><tr><th>verb<th>class of outcome<th>operations</tr>");
    Map<String, Map<String, Integer>> table = campaign.coverage();
    int most =
        table.values().stream()
            .flatMap(row -> row.values().stream())
            .mapToInt(Integer::intValue)
            .max()
            .orElse(1);
    table.forEach((verb, row) ->
        row.forEach((kind, count) ->
            line(
                "<tr><td>%s<td>%s<td><span class=\"bar\" style=\"width:%dpx\"></span>%,d</tr>"
                    .formatted(escaped(verb), escaped(kind), 1 + 160L * count / most, count))));
    line("</table>");
  }

  private void locks() {
    section("Lock order of model and kernel");
    line(
        "<p>%d edges that the model and the kernel's lockdep both have; edges of one of them alone are findings.</p>"
            .formatted(campaign.edges().size()));
    line(LockGraphPicture.of(campaign.edges()));
  }

  private void environment() {
    section("Environment");
    CampaignSettings settings = campaign.settings();
    line("<table>");
    fact("programs", settings.programs() + ", then generated ones");
    fact("operations of a generated program", Integer.toString(settings.operations()));
    fact("first seed", Long.toString(settings.seed()));
    fact("machine of the guest", settings.machine());
    campaign
        .environments()
        .forEach((shard, facts) ->
            facts.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(fact -> fact("shard " + shard + ", " + fact.getKey(), fact.getValue())));
    line("</table>");
  }

  private void fact(String name, String value) {
    line("<tr><td>%s<td>%s</tr>".formatted(escaped(name), escaped(value)));
  }
}
