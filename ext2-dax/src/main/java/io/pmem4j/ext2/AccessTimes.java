// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** The rule by which an access changes {@code i_atime}: {@code relatime_need_update}. */
public enum AccessTimes {
  /**
   * {@code -o relatime}, the default: only if the file was changed since the last access, in its
   * data or its inode, or in the same second, or if that access is a day ago.
   */
  RELATIME,
  /** {@code -o strictatime}: each access. */
  STRICTATIME,
  /** {@code -o noatime}: no access. */
  NOATIME
}
