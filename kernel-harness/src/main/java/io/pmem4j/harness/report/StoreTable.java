// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.crash.CrashFinding;
import io.pmem4j.crash.StoreFate;
import io.pmem4j.crash.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * A state after a power cut that breaks a promise, and the stores that were not durable then.
 *
 * @param damage the damage, in words
 * @param moment the operation that ran when the power was cut
 * @param rows the pending stores that matter, in order
 * @param more how many are left out
 */
public record StoreTable(String damage, String moment, List<Row> rows, int more) {
  /** A block that is written whole has as many stores as words. */
  private static final int MOST_ROWS = 40;

  /** Copies the list. */
  public StoreTable {
    rows = List.copyOf(rows);
  }

  /**
   * Pending stores that lie side by side and had the same fate.
   *
   * @param offset in the file system, in bytes
   * @param bytes of the store
   * @param operation of the program that stored
   * @param words aligned words that were pending
   * @param durable the number of those that are on the medium
   * @param reason flushed or not, drained or not
   */
  public record Row(
      long offset, long bytes, String operation, int words, int durable, String reason) {
    /** Returns true if the next bytes were stored by the same operation and had the same fate. */
    private boolean isContinuedBy(Row next) {
      return next.offset == offset + bytes
          && next.operation.equals(operation)
          && next.reason.equals(reason)
          && (durable == words) == (next.durable == next.words)
          && (durable == 0) == (next.durable == 0);
    }

    private Row with(Row next) {
      return new Row(
          offset,
          bytes + next.bytes,
          operation,
          words + next.words,
          durable + next.durable,
          reason);
    }
  }

  /**
   * Returns the table of a finding of the crash engine.
   *
   * @param events of the trace, in which operations are marked as begun
   * @param place leads from an offset of the trace to one of the file system
   */
  public static StoreTable of(
      CrashFinding finding, List<TraceEvent> events, LongUnaryOperator place) {
    List<Row> rows = new ArrayList<>();
    for (StoreFate fate : finding.stores()) {
      Row row =
          new Row(
              place.applyAsLong(fate.store().offset()),
              fate.store().length(),
              operation(events, fate.event()),
              fate.words(),
              fate.durable(),
              // The line of code is one of the recorder's, of any store the same.
              fate.reason().replaceAll(" at \\S+:\\d+", ""));
      if (!rows.isEmpty() && rows.getLast().isContinuedBy(row)) {
        rows.set(rows.size() - 1, rows.getLast().with(row));
      } else {
        rows.add(row);
      }
    }
    int most = Math.min(rows.size(), MOST_ROWS);
    return new StoreTable(
        finding.message(),
        finding.atEnd() ? "after the end" : operation(events, finding.event()),
        rows.subList(0, most),
        rows.size() - most);
  }

  private static String operation(List<TraceEvent> events, int event) {
    for (int i = Math.min(event, events.size() - 1); i >= 0; i--) {
      if (events.get(i).kind() == TraceEvent.Kind.BEGIN) {
        return events.get(i).call();
      }
    }
    return "mount";
  }

  /** Returns the element {@code table}. */
  String html() {
    StringBuilder html = new StringBuilder();
    html.append("<p class=\"dim\">Power cut in <code>")
        .append(HtmlReport.escaped(moment))
        .append("</code>: ")
        .append(HtmlReport.escaped(damage))
        .append("</p>\n<table class=\"stores\"><thead><tr><th class=\"n\">block")
        .append("<th class=\"n\">byte<th class=\"n\">bytes<th>stored by<th>words<th>on the medium")
        .append("</tr></thead>\n<tbody>\n");
    for (Row row : rows) {
      html.append("<tr class=\"")
          .append(row.durable() == row.words() ? "kept" : row.durable() == 0 ? "lost" : "torn")
          .append(
              "\"><td class=\"n\">%d<td class=\"n\">%d<td class=\"n\">%d<td>%s<td>%s<td>%s</tr>%n"
                  .formatted(
                      row.offset() / BLOCK,
                      row.offset() % BLOCK,
                      row.bytes(),
                      HtmlReport.escaped(row.operation()),
                      words(row),
                      HtmlReport.escaped(fate(row))));
    }
    html.append("</tbody></table>\n");
    if (more > 0) {
      html.append("<p class=\"dim\">and ").append(more).append(" stores more</p>\n");
    }
    return html.toString();
  }

  private static final int BLOCK = 4096;
  private static final int MOST_CELLS = 32;

  /** One square for each word: filled if the medium has it. */
  private static String words(Row row) {
    int cells = Math.min(row.words(), MOST_CELLS);
    int filled = row.words() == 0 ? 0 : Math.ceilDiv(row.durable() * cells, row.words());
    return "<span class=\"words\">"
        + "<i class=\"on\"></i>".repeat(filled)
        + "<i></i>".repeat(cells - filled)
        + "</span>";
  }

  private static String fate(Row row) {
    return row.durable() == row.words()
        ? "all"
        : (row.durable() == 0 ? "none, " : row.durable() + " of " + row.words() + ", ")
            + row.reason();
  }
}
