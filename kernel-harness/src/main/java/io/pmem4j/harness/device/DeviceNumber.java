// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The number of a device.
 *
 * @param table the table it is a number of
 * @param text major and minor number, {@code 259:0}
 */
public record DeviceNumber(PmemDevice.Numbers table, String text) {
  /** Of st_mode: the kinds of files. */
  private static final int S_IFMT = 0xf000;

  private static final int S_IFBLK = 0x6000;

  /** Returns the number of a special file. */
  public static DeviceNumber of(Path special) throws IOException {
    int mode = ((Number) Files.getAttribute(special, "unix:mode")).intValue();
    return new DeviceNumber(
        (mode & S_IFMT) == S_IFBLK ? PmemDevice.Numbers.BLOCK : PmemDevice.Numbers.CHARACTER,
        text(((Number) Files.getAttribute(special, "unix:rdev")).longValue()));
  }

  /** Returns a device number as sysfs spells it. */
  public static String text(long number) {
    return major(number) + ":" + minor(number);
  }

  /** Returns the major number; the bits are those of makedev(3). */
  public static long major(long number) {
    return ((number >> 8) & 0xfff) | ((number >> 32) & ~0xfffL);
  }

  /** Returns the minor number; the bits are those of makedev(3). */
  public static long minor(long number) {
    return (number & 0xff) | ((number >> 12) & 0xffffff00L);
  }
}
