// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;

/** A finding as people read it: a column for each task, time running down. */
public final class Interleaving {
  private static final int MIN_WIDTH = 24;
  private static final int MAX_WIDTH = 56;

  private Interleaving() {}

  /** Plain text. */
  public static String text(Finding finding) {
    List<Step> steps = finding.steps();
    int width =
        Math.clamp(
            steps.stream().mapToInt(step -> step.toString().length() + 2).max().orElse(0),
            MIN_WIDTH,
            MAX_WIDTH);
    StringBuilder text = new StringBuilder();
    text.append(heading(finding)).append('\n');
    text.append("      ");
    for (int task = 0; task < finding.tasks().size(); task++) {
      text.append(cell((char) ('A' + task) + " " + finding.tasks().get(task), width));
    }
    trim(text);
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      if (i > 0 && steps.get(i - 1).task() != step.task()) {
        text.append("      ").append("- ".repeat(width * finding.tasks().size() / 2));
        trim(text);
      }
      text.append(String.format("%4d  ", i + 1)).append(" ".repeat(step.task() * width));
      text.append(cell(step.toString(), width));
      if (!step.where().isEmpty()) {
        int others = finding.tasks().size() - step.task() - 1;
        text.append(" ".repeat(others * width)).append(step.where());
      }
      trim(text);
    }
    text.append("      => ").append(finding.message()).append('\n');
    return text.toString();
  }

  private static String heading(Finding finding) {
    return finding.kind() + " under '" + finding.schedule() + "'";
  }

  private static String cell(String content, int width) {
    String cut = content.length() < width ? content : content.substring(0, width - 2) + "~";
    return cut + " ".repeat(width - cut.length());
  }

  private static void trim(StringBuilder text) {
    text.setLength(text.toString().stripTrailing().length());
    text.append('\n');
  }

  /** A page by itself: a table, with what commutes greyed by kind. */
  public static String html(String title, List<Finding> findings) {
    List<String> body = new ArrayList<>();
    for (Finding finding : findings) {
      body.add("<h2>" + escape(finding.message()) + "</h2>");
      body.add("<p>" + finding.kind() + " under <code>" + finding.schedule() + "</code></p>");
      body.add("<table><tr><th></th>");
      finding.tasks().forEach(task -> body.add("<th>" + escape(task) + "</th>"));
      body.add("</tr>");
      for (int i = 0; i < finding.steps().size(); i++) {
        body.add(row(finding, i));
      }
      body.add("</table>");
    }
    return """
    <!doctype html>
    <html lang="en"><meta charset="utf-8"><title>%s</title>
    <style>
    body { font: 14px system-ui, sans-serif; margin: 2em; }
    table { border-collapse: collapse; }
    td, th { padding: .1em .8em; text-align: left; font-family: ui-monospace, monospace; }
    tr.switch td { border-top: 1px solid #999; }
    .LOAD, .START, .STEP, .where { color: #666; }
    .STORE, .PERSIST { color: #a40; }
    .ACQUIRE, .RELEASE, .WAKE { color: #046; }
    </style>
    <h1>%s</h1>
    %s
    </html>
    """
        .formatted(escape(title), escape(title), String.join("\n", body));
  }

  private static String row(Finding finding, int i) {
    Step step = finding.steps().get(i);
    boolean switched = i > 0 && finding.steps().get(i - 1).task() != step.task();
    return "<tr"
        + (switched ? " class=\"switch\"" : "")
        + "><td>"
        + (i + 1)
        + "</td>"
        + "<td></td>".repeat(step.task())
        + "<td class=\""
        + step.kind()
        + "\">"
        + escape(step.toString())
        + "</td>"
        + "<td></td>".repeat(finding.tasks().size() - step.task() - 1)
        + "<td class=\"where\">"
        + escape(step.where())
        + "</td></tr>";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
