// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;

/** A finding as text or HTML, with a column for each task and time running down. */
public final class Interleaving {
  private static final int MIN_WIDTH = 24;

  /** Steps shown of a livelock, which repeats itself. */
  private static final int BEGINNING = 80;

  private static final int MAX_WIDTH = 64;

  private Interleaving() {}

  /** Returns the interleaving as plain text. */
  public static String text(Finding finding) {
    List<Step> steps = shown(finding);
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
    LocksByTask held = new LocksByTask(finding.tasks().size());
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      if (i > 0 && steps.get(i - 1).task() != step.task()) {
        String words = held.words(steps.get(i - 1).task());
        int dashes = width * finding.tasks().size() - words.length();
        text.append("      -- ")
            .append(words)
            .append(' ')
            .append("- ".repeat(Math.max(1, dashes / 2)));
        trim(text);
      }
      held.add(step);
      text.append(String.format("%4d  ", i + 1)).append(" ".repeat(step.task() * width));
      text.append(cell(step.toString(), width));
      if (!step.place().methods().isEmpty()) {
        int others = finding.tasks().size() - step.task() - 1;
        text.append(" ".repeat(others * width)).append(step.place().methods());
      }
      trim(text);
    }
    if (steps.size() < finding.steps().size()) {
      text.append("      ").append(andSoOn(finding)).append('\n');
    }
    text.append("      => ").append(finding.message());
    text.append(where(finding)).append('\n');
    return text.toString();
  }

  private static List<Step> shown(Finding finding) {
    List<Step> steps = finding.steps();
    return finding.kind() == Finding.Kind.ENDLESS && steps.size() > BEGINNING
        ? steps.subList(0, BEGINNING)
        : steps;
  }

  private static String andSoOn(Finding finding) {
    return "... and so on, " + finding.steps().size() + " steps";
  }

  private static String heading(Finding finding) {
    return words(finding.kind()) + " under '" + finding.schedule() + "'";
  }

  private static String words(Finding.Kind kind) {
    return switch (kind) {
      case CHECK_FAILED -> "damage";
      case TASK_FAILED -> "a task failed";
      case DEADLOCK -> "deadlock";
      case ENDLESS -> "no end";
      case NOT_DETERMINISTIC -> "not deterministic";
    };
  }

  /** Returns the place of the damage, if the cause of the finding's cause names it. */
  private static String where(Finding finding) {
    Throwable cause = finding.cause();
    Throwable seen = cause instanceof AssertionError ? cause.getCause() : null;
    return seen == null ? "" : ": " + seen.getMessage();
  }

  private static String cell(String content, int width) {
    String cut = content.length() < width ? content : content.substring(0, width - 2) + "~";
    return cut + " ".repeat(width - cut.length());
  }

  private static void trim(StringBuilder text) {
    text.setLength(text.toString().stripTrailing().length());
    text.append('\n');
  }

  /** Returns a self-contained HTML page: a table, with colours by kind of step. */
  public static String html(String title, List<Finding> findings) {
    List<String> body = new ArrayList<>();
    for (Finding finding : findings) {
      body.add("<h2>" + escape(finding.message() + where(finding)) + "</h2>");
      body.add(
          "<p>" + words(finding.kind()) + " under <code>" + finding.schedule() + "</code></p>");
      body.add("<table><tr><th></th>");
      finding.tasks().forEach(task -> body.add("<th>" + escape(task) + "</th>"));
      body.add("</tr>");
      LocksByTask held = new LocksByTask(finding.tasks().size());
      for (int i = 0; i < shown(finding).size(); i++) {
        if (i > 0 && finding.steps().get(i - 1).task() != finding.steps().get(i).task()) {
          body.add(heldRow(finding, held.words(finding.steps().get(i - 1).task())));
        }
        held.add(finding.steps().get(i));
        body.add(row(finding, i));
      }
      if (shown(finding).size() < finding.steps().size()) {
        body.add(heldRow(finding, andSoOn(finding)));
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

  private static String heldRow(Finding finding, String words) {
    return "<tr class=\"switch\"><td></td><td class=\"where\" colspan=\""
        + (finding.tasks().size() + 1)
        + "\">"
        + escape(words)
        + "</td></tr>";
  }

  private static String row(Finding finding, int i) {
    Step step = finding.steps().get(i);
    return "<tr><td>"
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
        + escape(step.place().methods())
        + "</td></tr>";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
