// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The complaints of e2fsck with their numbers and names taken out, so that they can be counted. */
final class E2fsckKinds {
  private static final Pattern FRAME =
      Pattern.compile(
          "e2fsck[ :].*|Pass \\d.*|.*: \\*{5,10} .*"
              + "|.*: \\d+/\\d+ files .* blocks|\\s*|.*IGNORED\\.?|.*<y>.*");

  private static final Pattern QUESTION = Pattern.compile("\\s*[A-Z][a-z/+ ]*\\? (no|yes)\\b");

  private static final Pattern NUMBERS =
      Pattern.compile("[-+ ]*\\(?\\d+(--\\d+\\))?\\)?(, counted=\\d+\\))?");

  private E2fsckKinds() {}

  /** Returns the kinds of an output of {@code e2fsck -fn} or {@code -fy}; none if it is empty. */
  static Set<String> of(String output) {
    Set<String> kinds = new TreeSet<>();
    for (String each : output.split("\n", -1)) {
      String line = QUESTION.matcher(each).replaceAll("");
      String plain =
          NUMBERS
              .matcher(line.replaceAll("'[^']*'", "NAME").replaceAll("\\(/[^)]*\\)|/\\S+", "PATH"))
              .replaceAll(" N")
              .replaceAll("( N)+", " N")
              .strip();
      if (!FRAME.matcher(line).matches() && !plain.isEmpty()) {
        kinds.add(plain);
      }
    }
    return kinds;
  }
}
