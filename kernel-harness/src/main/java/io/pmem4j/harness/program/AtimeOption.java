// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The mount option that decides which accesses change {@code i_atime}. Source: mount(8). */
public enum AtimeOption {
  /** No access changes it: the mount of a program that names none. */
  NOATIME(1 << 10),
  /** An access changes it that follows a change of the file, or 24 hours without an access. */
  RELATIME(1 << 21),
  /** Every access changes it. */
  STRICTATIME(1 << 24);

  private final long mountFlag;

  AtimeOption(long mountFlag) {
    this.mountFlag = mountFlag;
  }

  /** Returns the flag of mount(2), {@code MS_NOATIME} and so on. */
  public long mountFlag() {
    return mountFlag;
  }

  /** Returns the option of this name; empty if there is none. */
  static Optional<AtimeOption> of(String name) {
    return Arrays.stream(values()).filter(option -> option.toString().equals(name)).findFirst();
  }

  /** Returns the name, as mount(8) has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
