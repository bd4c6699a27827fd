// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.util.Locale;
import java.util.Map;

/** The table as horizontal bars, one group a trial, on a logarithmic scale of nanoseconds. */
final class Chart {
  private static final int LABELS = 300;
  private static final int WIDTH = 900;
  private static final int ROW = 16;
  private static final double DECADES = 6; // 1 ns to 1 ms

  private Chart() {}

  static String svg(Map<String, Map<String, Double>> table) {
    StringBuilder body = new StringBuilder();
    int y = 24;
    for (Map.Entry<String, Map<String, Double>> trial : table.entrySet()) {
      text(body, 8, y, "font-weight=\"bold\"", trial.getKey());
      y += ROW;
      for (Map.Entry<String, Double> row : trial.getValue().entrySet()) {
        double share = Math.clamp(Math.log10(Math.max(1, row.getValue())) / DECADES, 0, 1);
        double length = Math.max(1, share * (WIDTH - LABELS - 90));
        text(body, 20, y, "", row.getKey());
        boolean ours = row.getKey().startsWith("region") || row.getKey().startsWith("the same");
        body.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                LABELS,
                y - 11,
                length,
                ROW - 4,
                ours ? "#2a6fb0" : "#9aa5b1"));
        text(
            body,
            (int) (LABELS + length + 6),
            y,
            "",
            String.format(Locale.ROOT, "%.1f ns", row.getValue()));
        y += ROW;
      }
      y += ROW / 2;
    }
    return String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " font-family=\"sans-serif\" font-size=\"11\">%n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
            WIDTH,
            y)
        + body
        + "</svg>\n";
  }

  private static void text(StringBuilder body, int x, int y, String attributes, String content) {
    String escaped = content.replace("&", "&amp;").replace("<", "&lt;");
    body.append(
        String.format(
            Locale.ROOT, "<text x=\"%d\" y=\"%d\" %s>%s</text>%n", x, y, attributes, escaped));
  }
}
