// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several parts of a campaign: of programs in a row, it has each {@code count}-th.
 *
 * @param number from 1 to {@code count}
 * @param count of parts, at least 1
 */
public record Shard(int number, int count) {
  /** The only part. */
  public static final Shard WHOLE = new Shard(1, 1);

  private static final Pattern TEXT = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException if there is no such part
   */
  public Shard {
    if (number < 1 || number > count) {
      throw new IllegalArgumentException(
          "no shard "
              + number
              + "/"
              + count
              + ", expected 1/"
              + count
              + " to "
              + count
              + "/"
              + count);
    }
  }

  /**
   * Reads {@code 2/8}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Shard parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("--shard '" + text + "': expected NUMBER/COUNT, as 2/8");
    }
    return new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /** Tells if the program at an index, from 0, is of this part. */
  public boolean has(long index) {
    return index % count == number - 1;
  }

  @Override
  public String toString() {
    return number + "/" + count;
  }
}
