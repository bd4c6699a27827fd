// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Lock edges as a matrix: a row for the class that is held, a column for the class that is taken
 * under it, both in the order of locking. An edge below the diagonal closes a circle.
 */
final class LockGraphPicture {
  private static final int CELL = 20;
  private static final int LABEL = 250;
  private static final int HEAD = 150;
  private static final String ARROW = " -> ";

  private LockGraphPicture() {}

  /** Returns the element {@code svg}; empty if there is no edge. */
  static String of(Set<String> edges) {
    List<String[]> pairs = edges.stream().map(edge -> edge.split(ARROW, 2)).toList();
    Map<String, Integer> depth = depths(pairs);
    if (depth.isEmpty()) {
      return "";
    }
    List<String> order =
        depth.keySet().stream()
            .sorted(Comparator.<String, Integer>comparing(depth::get).thenComparing(lock -> lock))
            .toList();
    int side = order.size() * CELL;
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg class=\"locks\" role=\"img\" aria-label=\"lock order\" viewBox=\"0 0 %d %d\" width=\"%d\">%n"
            .formatted(LABEL + side + HEAD, HEAD + side + 4, LABEL + side + HEAD));
    for (int i = 0; i < order.size(); i++) {
      int at = i * CELL;
      String lock = HtmlReport.escaped(order.get(i));
      svg.append(
          "<path class=\"grid\" d=\"M%d %dh%dM%d %dv%d\"/><text class=\"row\" x=\"%d\" y=\"%d\">%s</text>"
              .formatted(
                  LABEL, HEAD + at, side, LABEL + at, HEAD, side, LABEL - 8, HEAD + at + 14, lock));
      svg.append(
          "<text transform=\"translate(%d %d) rotate(-50)\">%s</text>"
              .formatted(LABEL + at + 12, HEAD - 6, lock));
      svg.append(cell("same", i, i, order.get(i)));
    }
    svg.append(
        "<path class=\"grid\" d=\"M%d %dh%dM%d %dv%d\"/>%n"
            .formatted(LABEL, HEAD + side, side, LABEL + side, HEAD, side));
    for (String[] pair : pairs) {
      int held = order.indexOf(pair[0]);
      int taken = order.indexOf(pair[pair.length - 1]);
      svg.append(cell(held < taken ? "edge" : "back", held, taken, String.join(ARROW, pair)));
    }
    return svg.append("</svg>\n").toString();
  }

  private static String cell(String kind, int row, int column, String title) {
    return "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>%s</title></rect>%n"
        .formatted(
            kind,
            LABEL + column * CELL + 3,
            HEAD + row * CELL + 3,
            CELL - 6,
            CELL - 6,
            HtmlReport.escaped(title));
  }

  /** The length of the longest way to each class; bounded, as a circle has none. */
  private static Map<String, Integer> depths(List<String[]> pairs) {
    Map<String, Integer> depth = new TreeMap<>();
    for (String[] pair : pairs) {
      depth.put(pair[0], 0);
      depth.put(pair[pair.length - 1], 0);
    }
    for (int round = 0; round < depth.size(); round++) {
      for (String[] pair : pairs) {
        if (pair.length == 2 && !pair[0].equals(pair[1])) {
          int below = depth.getOrDefault(pair[0], 0) + 1;
          depth.merge(pair[1], Math.min(below, depth.size()), Math::max);
        }
      }
    }
    return depth;
  }
}
