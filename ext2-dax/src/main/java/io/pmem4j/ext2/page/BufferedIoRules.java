// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

/** The differences between kernels in reading and writing through the page cache. */
public enum BufferedIoRules {
  /**
   * Linux 5.10: a read looks at the size after the page is there, so that one past EOF is cached
   * too. A write needs all bytes of a page before it begins: {@code iov_iter_fault_in_readable}.
   */
  LINUX_5_10,
  /**
   * Since Linux 5.14, {@code filemap_read}: the size is read first, too. Since 5.16, {@code
   * fault_in_iov_iter_readable}: a write takes the bytes before the first that cannot be read.
   */
  LINUX_6_1;

  boolean readsSizeFirst() {
    return this == LINUX_6_1;
  }

  boolean writesUpToFault() {
    return this == LINUX_6_1;
  }
}
