// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;

/**
 * msync(2) from mapping to mapping: {@code mmap_lock} is given up while a file is written back,
 * which a reference keeps open meanwhile.
 */
final class Msync {
  private final VmaTree vmas;
  private final OrderedRwSemaphore mmapLock;

  Msync(VmaTree vmas, OrderedRwSemaphore mmapLock) {
    this.vmas = vmas;
    this.mmapLock = mmapLock;
  }

  /**
   * Goes through a range of addresses.
   *
   * @param sync whether to write back, or only to look what is mapped
   * @throws Ext2Exception ENOMEM where nothing is mapped, after the rest was done
   */
  void range(long first, long end, boolean sync) throws Ext2Exception {
    boolean holes = false;
    long at = first;
    while (at < end) {
      Mappable file;
      long firstByte;
      long lastByte;
      boolean writeBack;
      try (var _ = mmapLock.shared()) {
        Vma here = vmas.from(at);
        if (here == null || here.start() >= end) {
          throw new Ext2Exception(Errno.ENOMEM, "msync of a range that is not mapped");
        }
        holes |= here.start() > at;
        at = Math.max(at, here.start());
        firstByte = at - here.start() + here.pgoff() * Mmu.PAGE_BYTES;
        lastByte = firstByte + Math.min(end, here.end()) - at - 1;
        at = here.end();
        file = here.file();
        writeBack = sync && here.shared();
        if (writeBack) {
          file.mappedAgain();
        }
      }
      if (writeBack) {
        try {
          file.syncRange(firstByte, lastByte);
        } finally {
          file.unmapped();
        }
      }
    }
    if (holes) {
      throw new Ext2Exception(Errno.ENOMEM, "msync of a range that is not mapped all over");
    }
  }
}
