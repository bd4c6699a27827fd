// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.List;
import java.util.Locale;

/** A finding as text: the pending stores as rows, the damage, the repair that was tried. */
public final class FailureText {
  private FailureText() {}

  /**
   * Returns the text of a finding of a check.
   *
   * @param name the name of the test
   * @param repair a search for the finding
   */
  public static String of(
      String name, CrashReport report, CrashFinding finding, RepairSearch.Result repair) {
    StringBuilder text = new StringBuilder();
    text.append(name).append(": ");
    text.append(report.broken()).append(" of ").append(report.tried()).append(" crash states ");
    text.append(report.broken() == 1 ? "breaks it" : "break it").append(" (");
    text.append(report.tried())
        .append(" of ")
        .append(report.leftOut().longValue() + report.tried());
    text.append(" tried; ").append(name(report.mode())).append(" mode; ");
    text.append(report.leftOut()).append(" left out; ");
    text.append(report.nanos() / 1_000_000).append(" ms)\n");
    text.append("crash ")
        .append(finding.atEnd() ? "at the end of the run, after " : "before the fence of ");
    text.append(finding.site()).append('\n');
    appendRows(text, finding);
    text.append("check said: ").append(finding.message()).append(place(finding)).append('\n');
    text.append(words(repair, report.tried()));
    return text.toString();
  }

  static String name(CrashMode mode) {
    return mode.toString().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static void appendRows(StringBuilder text, CrashFinding finding) {
    int width = 12;
    int site = 12;
    for (StoreFate fate : finding.stores()) {
      width = Math.max(width, fate.store().words().length());
      site = Math.max(site, fate.store().site().toString().length());
    }
    List<StoreFate> rows = finding.stores();
    for (int i = 0; i < rows.size(); i++) {
      if (i == 12 && rows.size() > 14) {
        text.append("   ... and ").append(rows.size() - i).append(" stores more\n");
        return;
      }
      StoreFate fate = rows.get(i);
      long offset = fate.store().offset();
      text.append(
          String.format(
              Locale.ROOT,
              "   line 0x%03x   @%-6d %-" + width + "s   %-" + site + "s   %s%n",
              offset / 64 * 64,
              offset,
              fate.store().words(),
              fate.store().site(),
              fate.words(finding.mode())));
    }
  }

  /** Returns the line of the check that threw. */
  private static String place(CrashFinding finding) {
    Throwable cause = finding.cause();
    if (cause == null) {
      return "";
    }
    for (StackTraceElement frame : cause.getStackTrace()) {
      String type = frame.getClassName();
      if (!type.startsWith("java.") && !type.startsWith("jdk.") && !type.startsWith("org.")) {
        return "   " + frame.getFileName() + ":" + frame.getLineNumber();
      }
    }
    return "";
  }

  private static String words(RepairSearch.Result repair, long states) {
    return repair
            .found()
            .map(found -> "repair that makes all " + states + " states pass: " + found)
            .orElse("no single persist or drain makes all states pass")
        + "     (tried "
        + repair.tried()
        + (repair.tried() == 1 ? " place)" : " places)");
  }
}
