// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * What may differ between the pieces of one mapping, and keeps neighbours apart: {@code vm_flags}.
 *
 * @param shared VM_SHARED
 * @param readable VM_READ
 * @param writable VM_WRITE
 * @param advice what madvise(2) said that is remembered: a set of {@link #RANDOM}, {@link
 *     #SEQUENTIAL}, {@link #HUGE} and {@link #NO_HUGE}
 */
record VmaFlags(boolean shared, boolean readable, boolean writable, int advice) {
  /** VM_RAND_READ. */
  static final int RANDOM = 1;

  /** VM_SEQ_READ. */
  static final int SEQUENTIAL = 2;

  /** VM_HUGEPAGE. */
  static final int HUGE = 4;

  /** VM_NOHUGEPAGE. */
  static final int NO_HUGE = 8;

  /** What PROT_ bits allow; on x86 whoever may store may load. */
  static VmaFlags of(boolean shared, int prot) {
    boolean writable = (prot & AddressSpace.PROT_WRITE) != 0;
    return new VmaFlags(shared, (prot & AddressSpace.PROT_READ) != 0 || writable, writable, 0);
  }

  VmaFlags withProtection(int prot) {
    VmaFlags now = of(shared, prot);
    return new VmaFlags(shared, now.readable, now.writable, advice);
  }

  VmaFlags withAdvice(int set, int clear) {
    return new VmaFlags(shared, readable, writable, (advice | set) & ~clear);
  }
}
