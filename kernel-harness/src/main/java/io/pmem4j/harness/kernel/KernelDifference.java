// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

/**
 * A known difference between the answers of a later kernel and those of 5.10. The name of a
 * difference alone forgives nothing: the kernel's answer must be exactly what the difference makes
 * of the answer of 5.10. Reports list each difference with the number of operations that showed it.
 */
public enum KernelDifference {
  /** The fault no longer reports the entry that it inserted. */
  NO_INSERT_EVENT(
      "no event dax_insert_mapping",
      "the fault bodies were merged into dax_fault_iter(), which does not call it"),
  /** The return value traced includes VM_FAULT_MAJOR. */
  MAJOR_TRACED(
      "dax_pte_fault_done shows MAJOR when the fault allocated a block",
      "5.10 adds it to the return value after the event"),
  /** FIEMAP by iomap_fiemap(). */
  FIEMAP_BY_IOMAP(
      "FIEMAP joins adjacent extents and marks the last one even when a hole follows",
      "iomap_fiemap() took the place of generic_block_fiemap()"),
  /** A fault that only reads marks the entry dirty. */
  READ_FAULT_DIRTIES(
      "a read fault marks its page dirty, and the next sync writes it back",
      "dax_insert_entry() of 6.1 asks whether the fault is synchronous, and no longer whether it"
          + " writes"),
  /** A fallocate of modes that exclude each other. */
  FALLOCATE_MODES(
      "fallocate of modes that exclude each other is EOPNOTSUPP, not EINVAL",
      "vfs_fallocate() has one switch over the modes"),
  /** A call with vectors on a file that is not open for it. */
  VECTORS_LATER(
      "preadv and pwritev look at the file first: EBADF, not EINVAL for its vectors",
      "vfs_readv() and vfs_writev() check the mode of the file before import_iovec()"),
  /** A flock of a type that there is not. */
  FLOCK_TYPE_FIRST(
      "flock of a type that there is not is EINVAL, on a file that cannot be locked too",
      "flock() of 5.19 translates the type before it looks at the file"),
  /** The traced value of a fault on an unreadable block. */
  HWPOISON_TRACED(
      "a fault on an unreadable block is traced as HWPOISON; its signal is the same",
      "dax_fault_return() translates EHWPOISON"),
  /** Faults of a copy that cannot be completed. */
  COPY_RETRIED(
      "a copy from or to memory that ends faults more or less often before it stops",
      "copy_user of 6.12 goes on by bytes where it failed by words"),
  /** Pages of the cache that a fault beside them has mapped. */
  FAULT_AROUND(
      "without DAX a page is mapped that no access has touched",
      "filemap_map_pages() maps the cached pages around a fault; ext2-dax maps the page alone");

  private final String what;
  private final String why;

  KernelDifference(String what, String why) {
    this.what = what;
    this.why = why;
  }

  /** Returns the description for reports. */
  public String what() {
    return what;
  }

  /** Returns the change in the kernel's source that causes it. */
  public String why() {
    return why;
  }
}
