// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A campaign as one HTML file that needs no other: no script, no font, no picture from elsewhere.
 */
public final class HtmlReport {
  /** As many findings are read from top to bottom; more are a list that is opened one by one. */
  private static final int MOST_OPEN = 20;

  private static final int BAR_PIXELS = 60;

  /** The words of a campaign of power cuts for its counts of states. */
  private static final Map<String, String> STATES =
      Map.of("tried", "crash states", "repaired", "images repaired");

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
    boolean conform = campaign.settings().verb().equals("conform");
    String title =
        campaign.settings().verb() + " " + campaign.settings().kernel() + ": " + campaign.verdict();
    line("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">");
    line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    line("<title>" + escaped(title) + "</title>\n<style>\n" + style() + "</style></head>\n<body>");
    line(
        "<h1>%s <span class=\"badge %s\">%s</span></h1>"
            .formatted(
                escaped(
                    (conform ? "ext2-dax beside kernel " : "Power cuts of ")
                        + campaign.settings().kernel()),
                campaign.verdict(),
                campaign.verdict()));
    line("<p class=\"dim\">" + escaped(campaign.line()) + "</p>");
    tiles();
    findings();
    rules();
    coverage();
    if (conform) {
      locks();
    }
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
    List<ProgramLine> diverged = campaign.diverged();
    for (ProgramLine program : diverged) {
      finding(program, diverged.size() <= MOST_OPEN);
    }
  }

  private void finding(ProgramLine program, boolean open) {
    line(
        "<details class=\"card\"%s><summary><b>%s</b> %s</summary>"
            .formatted(open ? " open" : "", escaped(program.program()), escaped(program.title())));
    line("<ul class=\"findings\">");
    program.findings().forEach(each -> line("<li>" + escaped(each)));
    line("</ul>");
    line("<div class=\"wide\">" + InterleavingPicture.of(program.steps()) + "</div>");
    program.stores().forEach(table -> line("<div class=\"wide\">" + table.html() + "</div>"));
    line(
        "<details><summary>as text</summary><pre>%s</pre></details></details>"
            .formatted(escaped(program.text())));
  }

  private void tiles() {
    line("<div class=\"tiles\">");
    tile(campaign.programs().size(), "programs");
    tile(campaign.operations(), "operations");
    if (campaign.isCrash()) {
      campaign.coverage().getOrDefault(Coverage.CRASH_STATES, Map.of()).entrySet().stream()
          .filter(each -> !each.getKey().startsWith("e2fsck"))
          .forEach(
              each -> tile(each.getValue(), STATES.getOrDefault(each.getKey(), each.getKey())));
    }
    for (Verdict verdict : Verdict.values()) {
      tile(campaign.count(verdict), campaign.word(verdict));
    }
    line("</div>");
  }

  private void tile(long count, String name) {
    line("<div class=\"tile\"><b>%,d</b>%s</div>".formatted(count, escaped(name)));
  }

  private void row(String name, long count) {
    line("<tr><td>%s<td class=\"n\">%,d</tr>".formatted(escaped(name), count));
  }

  private void rules() {
    section("Rules that forgive a difference");
    line("<table><thead><tr><th>rule<th class=\"n\">applied</tr></thead>");
    campaign.forgiven().forEach(this::row);
    line("</table>");
    if (!campaign.differences().isEmpty()) {
      line("<p>Listed differences of this kernel from 5.10, by operations that showed them:</p>");
      line("<table><thead><tr><th>difference<th class=\"n\">operations</tr></thead>");
      campaign
          .differences()
          .forEach(
              (difference, count) -> row(difference.what() + " (" + difference.why() + ")", count));
      line("</table>");
    }
  }

  private void coverage() {
    section("Coverage");
    Map<String, Map<String, Integer>> table = campaign.coverage();
    int most =
        table.values().stream()
            .flatMap(row -> row.values().stream())
            .mapToInt(Integer::intValue)
            .max()
            .orElse(1);
    line("<p class=\"dim\">Operations by verb and class of outcome. Bars are logarithmic.</p>");
    line("<div class=\"columns\">");
    table.forEach((verb, row) -> {
      line("<table class=\"verb\"><thead><tr><th colspan=\"2\">" + escaped(verb) + "</tr></thead>");
      row.forEach((kind, count) ->
          line(
              "<tr><td>%s<td class=\"n\"><span class=\"bar\" style=\"width:%dpx\"></span>%,d</tr>"
                  .formatted(escaped(kind), width(count, most), count)));
      line("</table>");
    });
    line("</div>");
  }

  private static long width(int count, int most) {
    return Math.max(1, Math.round(BAR_PIXELS * Math.log1p(count) / Math.log1p(most)));
  }

  private void locks() {
    section("Lock order of model and kernel");
    line(
        ("<p>%d edges that the model and the kernel's lockdep both have; edges of one of them alone"
                + " are findings. A row is the class held, a column the class taken under it.</p>")
            .formatted(campaign.edges().size()));
    line("<div class=\"wide\">" + LockGraphPicture.of(campaign.edges()) + "</div>");
  }

  private void environment() {
    section("Environment");
    CampaignSettings settings = campaign.settings();
    line("<table>");
    fact("programs", settings.programs() + ", then generated ones");
    fact("operations of a generated program", Integer.toString(settings.operations()));
    fact("first seed", Long.toString(settings.seed()));
    fact(settings.verb().equals("conform") ? "machine of the guest" : "states", settings.machine());
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
