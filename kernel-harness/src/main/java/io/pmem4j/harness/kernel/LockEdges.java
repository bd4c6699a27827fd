// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.kernel;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The graph of {@code /proc/lockdep}: {@code A -> B} when B was taken directly under A.
 *
 * @param edges {@code "A -> B"} with lockdep's class names
 */
public record LockEdges(Set<String> edges) {
  /** A class, {@code ffff... FD: 54 BD: 5 ++++: name}; the usage bits contain no colon. */
  private static final Pattern CLASS = Pattern.compile("^\\S+ .*?BD: *\\d+ \\S+: (.*)$");

  private static final Pattern EDGE = Pattern.compile("^ -> \\[\\S+] (.*)$");

  /** Parses the content of {@code /proc/lockdep}. */
  public static LockEdges parse(String text) {
    String[] from = {""};
    return new LockEdges(
        text.lines()
            .mapMulti((String line, java.util.function.Consumer<String> out) -> {
              Matcher edge = EDGE.matcher(line);
              Matcher named = CLASS.matcher(line);
              if (edge.matches()) {
                out.accept(from[0] + " -> " + edge.group(1).strip());
              } else if (named.matches()) {
                from[0] = named.group(1).strip();
              }
            })
            .collect(Collectors.toCollection(LinkedHashSet::new)));
  }

  /** The same graph with other names of the classes. */
  public LockEdges renamed(UnaryOperator<String> name) {
    return new LockEdges(
        edges.stream()
            .map(edge -> edge.split(" -> ", 2))
            .map(ends -> name.apply(ends[0]) + " -> " + name.apply(ends[1]))
            .collect(Collectors.toSet()));
  }
}
