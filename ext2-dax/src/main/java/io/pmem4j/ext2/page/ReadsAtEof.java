// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

/** The pages that read(2) makes at the end of a file. */
public enum ReadsAtEof {
  /** Linux 5.10: the size is read after the page is there, so that one past EOF is cached too. */
  LINUX_5_10,
  /** Since Linux 5.14, {@code filemap_read}: the size is read first, too. */
  LINUX_6_1
}
