// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Locale;

/** The file systems on which a program's expected outcomes hold. */
public enum Scope {
  /** On every file system. */
  POSIX,
  /** On every file system mounted with DAX. */
  DAX,
  /** On ext2 mounted with DAX. */
  EXT2;

  static Scope parse(String text) {
    for (Scope scope : values()) {
      if (scope.toString().equals(text)) {
        return scope;
      }
    }
    throw new IllegalArgumentException("unknown scope '" + text + "': posix, dax or ext2");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
