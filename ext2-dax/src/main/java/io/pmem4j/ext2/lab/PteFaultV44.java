// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.dax.DaxMapping;
import io.pmem4j.ext2.dax.Iomap;
import io.pmem4j.ext2.dax.IomapOps;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import io.pmem4j.sched.HeldLock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The body of a fault on one page, {@code __dax_fault} of Linux 4.3 and 4.4. A hole is shown as a
 * page of the page cache. The size is checked again under the page's lock or {@code i_mmap_rwsem},
 * which does not detect a truncation down and up again. A new block is cleared after its lookup. No
 * kernel of this project runs it. Thread-safe.
 */
final class PteFaultV44 {
  private final DaxMapping mapping;
  private final IomapOps ops;
  private final HolePages holePages;

  PteFaultV44(DaxMapping mapping, IomapOps ops) {
    this.mapping = mapping;
    this.ops = ops;
    this.holePages = (HolePages) mapping.cachedPages();
  }

  /** Runs the body. */
  FaultResult run(PageFault fault) {
    if (isBehindTheEnd(fault)) {
      return FaultResult.SIGBUS;
    }
    HolePages.Locked page = holePages.find(fault.pgoff());
    boolean handedOver = false;
    try {
      if (page != null && isBehindTheEnd(fault)) {
        return FaultResult.SIGBUS;
      }
      FaultResult result = withPage(fault, page);
      handedOver = result == FaultResult.LOCKED;
      return result;
    } catch (Ext2Exception e) {
      return e.errno() == Errno.ENOMEM ? FaultResult.OOM : FaultResult.SIGBUS;
    } finally {
      if (page != null && !handedOver) {
        page.close();
      }
    }
  }

  private boolean isBehindTheEnd(PageFault fault) {
    return fault.pgoff() >= Math.ceilDiv(mapping.host().size(), DaxIo.PAGE_BYTES);
  }

  private FaultResult withPage(PageFault fault, HolePages.@Nullable Locked page)
      throws Ext2Exception {
    long position = fault.pgoff() * DaxIo.PAGE_BYTES;
    Iomap iomap = ops.begin(position, DaxIo.PAGE_BYTES, Iomap.FAULT);
    byte[] cowPage = fault.cowPage();
    if (cowPage != null) {
      return copied(fault, page, iomap, cowPage);
    }
    if (!iomap.mapped()) {
      if (!fault.write()) {
        return hole(fault, page);
      }
      iomap = ops.begin(position, DaxIo.PAGE_BYTES, Iomap.FAULT | Iomap.WRITE);
    }
    long frame =
        DaxIo.checked(mapping.host(), iomap.addressOf(position), DaxIo.PAGE_BYTES)
            / DaxIo.PAGE_BYTES;
    // Between here and the page table the block may be freed and another file's: who stores to it
    // has to be seen.
    try (var _ = mapping.host().pins().inUse(frame)) {
      if (page != null) {
        mapping.mappings().unmap(fault.pgoff(), 1, false);
        page.delete();
        page.close();
      }
      return insert(fault, frame, iomap.isNew());
    }
  }

  /** {@code dax_load_hole}: the caller of the handler maps the page and unlocks it. */
  private FaultResult hole(PageFault fault, HolePages.@Nullable Locked found) {
    HolePages.Locked page = found != null ? found : holePages.findOrCreate(fault.pgoff());
    if (isBehindTheEnd(fault)) {
      if (found == null) {
        page.close();
      }
      return FaultResult.SIGBUS;
    }
    fault.keep(page.lock());
    return FaultResult.LOCKED;
  }

  /** The caller of the handler installs the copy, and gives up the page or the mappings. */
  private FaultResult copied(
      PageFault fault, HolePages.@Nullable Locked page, Iomap iomap, byte[] cowPage)
      throws Ext2Exception {
    long position = fault.pgoff() * DaxIo.PAGE_BYTES;
    if (iomap.mapped()) {
      long address = DaxIo.checked(mapping.host(), iomap.addressOf(position), cowPage.length);
      try (var _ = mapping.host().pins().inUse(address / DaxIo.PAGE_BYTES)) {
        mapping.host().pins().loading(address / DaxIo.PAGE_BYTES);
        MemorySegment.copy(
            mapping.host().memory().segment(),
            ValueLayout.JAVA_BYTE,
            address,
            cowPage,
            0,
            cowPage.length);
      }
    }
    if (page != null) {
      fault.keep(page.lock());
      return FaultResult.LOCKED;
    }
    HeldLock mappings = mapping.mappings().hold();
    if (isBehindTheEnd(fault)) {
      mappings.close();
      return FaultResult.SIGBUS;
    }
    fault.keep(mappings);
    return FaultResult.LOCKED;
  }

  /** Maps the block of the page: {@code dax_insert_mapping}. */
  private FaultResult insert(PageFault fault, long frame, boolean isNew) {
    try (var _ = mapping.mappings().hold()) {
      if (isBehindTheEnd(fault)) {
        // A block that was allocated stays, behind the end: the fault cannot take i_rwsem.
        return FaultResult.SIGBUS;
      }
      if (isNew) {
        mapping.host().pins().storing(frame, 1);
        mapping.host().memory().fill(frame * DaxIo.PAGE_BYTES, DaxIo.PAGE_BYTES, (byte) 0);
        mapping.host().memory().flush(frame * DaxIo.PAGE_BYTES, DaxIo.PAGE_BYTES);
        mapping.host().memory().drain();
      }
      return fault.insertReadOnly(frame);
    }
  }
}
