// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Lock edges as a drawing: a class stands below all classes that are taken before it. */
final class LockGraphPicture {
  private static final int WIDTH = 230;
  private static final int HEIGHT = 24;
  private static final int GAP = 34;
  private static final String ARROW = " -> ";

  private LockGraphPicture() {}

  /** Returns the element {@code svg}; empty if there is no edge. */
  static String of(Set<String> edges) {
    List<String[]> pairs = edges.stream().map(edge -> edge.split(ARROW, 2)).toList();
    Map<String, Integer> depth = depths(pairs);
    if (depth.isEmpty()) {
      return "";
    }
    Map<Integer, List<String>> rows = new TreeMap<>();
    depth.forEach((lock, row) -> rows.computeIfAbsent(row, _ -> new ArrayList<>()).add(lock));
    Map<String, int[]> places = new TreeMap<>();
    int widest = 0;
    int top = 4;
    for (List<String> row : rows.values()) {
      for (int i = 0; i < row.size(); i++) {
        places.put(row.get(i), new int[] {4 + i * (WIDTH + 20), top});
      }
      widest = Math.max(widest, row.size());
      top += HEIGHT + GAP;
    }
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg role=\"img\" aria-label=\"lock order\" viewBox=\"0 0 %d %d\" width=\"100%%\">\n"
            .formatted(widest * (WIDTH + 20), top));
    for (String[] pair : pairs) {
      int[] from = places.get(pair[0]);
      int[] to = places.get(pair[1]);
      if (from != null && to != null) {
        int y = from[1] + HEIGHT;
        svg.append(
            "<path d=\"M%d %d C%d %d %d %d %d %d\"><title>%s</title></path>\n"
                .formatted(
                    from[0] + WIDTH / 2,
                    y,
                    from[0] + WIDTH / 2,
                    y + GAP / 2,
                    to[0] + WIDTH / 2,
                    to[1] - GAP / 2,
                    to[0] + WIDTH / 2,
                    to[1],
                    HtmlReport.escaped(String.join(ARROW, pair))));
      }
    }
    places.forEach((lock, place) ->
        svg.append(
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/><text x=\"%d\" y=\"%d\">%s</text>\n"
                .formatted(
                    place[0],
                    place[1],
                    WIDTH,
                    HEIGHT,
                    place[0] + 8,
                    place[1] + 16,
                    HtmlReport.escaped(lock))));
    return svg.append("</svg>\n").toString();
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
