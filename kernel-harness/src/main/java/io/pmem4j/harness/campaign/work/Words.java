// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A message between a campaign and its workers: words on one line of ASCII text. */
public final class Words {
  private Words() {}

  /** Returns the line, without its end. */
  public static String line(List<String> words) {
    return words.stream()
        .map(word -> URLEncoder.encode(word, StandardCharsets.UTF_8))
        .collect(Collectors.joining(" "));
  }

  /**
   * Returns the words of a line.
   *
   * @throws IllegalArgumentException if {@link #line} does not write such a line
   */
  public static List<String> of(String line) {
    return Arrays.stream(line.split(" ", -1))
        .map(word -> URLDecoder.decode(word, StandardCharsets.UTF_8))
        .toList();
  }
}
