// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.util.ArrayList;
import java.util.List;

/**
 * A range of a device that the kernel knows to be unreadable: a line of the attribute {@code
 * badblocks}.
 *
 * @param sector the first, in units of 512 bytes from the begin of the device
 * @param count the number of sectors
 */
public record BadRange(long sector, long count) {
  /** The unit of the kernel's list. */
  public static final int SECTOR_BYTES = 512;

  /**
   * Returns the ranges of the attribute's text. The kernel writes at most one page of it.
   *
   * @throws IllegalArgumentException naming a line that is not two numbers
   */
  static List<BadRange> parse(String text) {
    List<BadRange> ranges = new ArrayList<>();
    for (String line : text.lines().map(String::strip).filter(each -> !each.isEmpty()).toList()) {
      String[] numbers = line.split(" ", -1);
      try {
        ranges.add(new BadRange(Long.parseLong(numbers[0]), Long.parseLong(numbers[1])));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException unknown) {
        throw new IllegalArgumentException(
            "badblocks: line '" + line + "', expected a sector and a count", unknown);
      }
    }
    return List.copyOf(ranges);
  }

  /** Returns the range in bytes, as {@code 8409088+4096}. */
  @Override
  public String toString() {
    return sector * SECTOR_BYTES + "+" + count * SECTOR_BYTES;
  }
}
