// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.dax.DaxMapping;
import io.pmem4j.ext2.dax.Iomap;
import io.pmem4j.ext2.dax.IomapOps;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The body of a fault on 2 MiB, {@code __dax_pmd_fault} of Linux 4.3 and 4.4. It locks no entries:
 * it looks blocks up, checks the size again under {@code i_mmap_rwsem}, clears new blocks and maps
 * all. A failing lookup is a bus error. No kernel of this project runs it. Thread-safe.
 */
final class PmdFaultV44 {
  private final DaxMapping mapping;
  private final IomapOps ops;

  PmdFaultV44(DaxMapping mapping, IomapOps ops) {
    this.mapping = mapping;
    this.ops = ops;
  }

  /** Runs the body. */
  FaultResult run(PageFault fault) {
    long around = fault.address() - Math.floorMod(fault.address(), Mmu.HUGE_BYTES);
    long first = fault.pgoff() - (fault.address() - around) / Mmu.PAGE_BYTES;
    if ((fault.write() && !fault.shared())
        || around < fault.vma().start()
        || around + Mmu.HUGE_BYTES > fault.vma().end()) {
      return FaultResult.FALLBACK;
    }
    FaultResult size = sizeAnswer(first);
    if (size != FaultResult.DONE) {
      return size;
    }
    int flags = Iomap.FAULT | (fault.write() ? Iomap.WRITE : 0);
    long position = first * DaxIo.PAGE_BYTES;
    Iomap iomap;
    long address;
    try {
      iomap = ops.begin(position, Mmu.HUGE_BYTES, flags);
      if (!iomap.mapped() || iomap.offset() + iomap.length() < position + Mmu.HUGE_BYTES) {
        return FaultResult.FALLBACK;
      }
      address = DaxIo.checked(mapping.host(), iomap.addressOf(position), Mmu.HUGE_BYTES);
    } catch (Ext2Exception e) {
      return FaultResult.SIGBUS;
    }
    return insert(fault, first, address, iomap.isNew());
  }

  /** DONE if all of the 2 MiB are in the file. */
  private FaultResult sizeAnswer(long first) {
    long pages = Math.ceilDiv(mapping.host().size(), DaxIo.PAGE_BYTES);
    if (first >= pages) {
      return FaultResult.SIGBUS;
    }
    return first + Mmu.HUGE_PAGES > pages ? FaultResult.FALLBACK : FaultResult.DONE;
  }

  private FaultResult insert(PageFault fault, long first, long address, boolean isNew) {
    long frame = address / DaxIo.PAGE_BYTES;
    try (var _ = mapping.host().pins().inUse(frame)) {
      if (isNew) {
        mapping.mappings().unmap(first, Mmu.HUGE_PAGES, false);
      }
      try (var _ = mapping.mappings().hold()) {
        FaultResult size = sizeAnswer(first);
        if (size != FaultResult.DONE) {
          return size;
        }
        if (address % Mmu.HUGE_BYTES != 0) {
          return FaultResult.FALLBACK;
        }
        if (isNew) {
          mapping.host().pins().storing(frame, Mmu.HUGE_PAGES);
          mapping.host().memory().fill(address, Mmu.HUGE_BYTES, (byte) 0);
          mapping.host().memory().flush(address, Mmu.HUGE_BYTES);
          mapping.host().memory().drain();
        }
        return fault.insertHuge(frame);
      }
    }
  }
}
