// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.PageFault;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The body of a fault on one page: {@code dax_iomap_pte_fault} of Linux 5.10. The caller holds what
 * keeps truncation away; the size is therefore looked at once, at the beginning, before any entry
 * is touched. Thread-safe.
 */
public final class PteFault {
  private final DaxMapping mapping;
  private final IomapOps ops;

  /** The body for one file. */
  public PteFault(DaxMapping mapping, IomapOps ops) {
    this.mapping = mapping;
    this.ops = ops;
  }

  /** Runs the body between its two trace events. */
  public FaultResult run(PageFault fault) {
    long ino = mapping.host().ino();
    mapping.trace().add(FaultEvent.fault("dax_pte_fault", ino, fault, ""));
    FaultResult result = body(fault);
    mapping.trace().add(FaultEvent.fault("dax_pte_fault_done", ino, fault, result.traced()));
    return result;
  }

  private FaultResult body(PageFault fault) {
    long position = fault.pgoff() * DaxIo.PAGE_BYTES;
    if (position >= mapping.host().size()) {
      return FaultResult.SIGBUS;
    }
    boolean allocate = fault.write() && fault.cowPage() == null;
    int flags = Iomap.FAULT | (allocate ? Iomap.WRITE : 0);
    try (var locked = mapping.grab(fault.pgoff())) {
      if (fault.region() == Mmu.Region.HUGE) {
        // Another task's fault on 2 MiB was faster: look again.
        return FaultResult.NOPAGE;
      }
      // When the lookup fails, an entry made just now stays behind EMPTY, as in the kernel.
      Iomap iomap = ops.begin(position, DaxIo.PAGE_BYTES, flags);
      FaultResult result = FaultResult.SIGBUS;
      try {
        result = insert(fault, locked.entry(), iomap, position);
      } finally {
        ops.end(position, DaxIo.PAGE_BYTES, result.isError() ? 0 : DaxIo.PAGE_BYTES, flags, iomap);
      }
      return result;
    } catch (Ext2Exception e) {
      fault.failed(e);
      return e.errno() == Errno.ENOMEM ? FaultResult.OOM : FaultResult.SIGBUS;
    }
  }

  private FaultResult insert(PageFault fault, DaxEntry entry, Iomap iomap, long position)
      throws Ext2Exception {
    byte[] cowPage = fault.cowPage();
    if (cowPage != null) {
      if (iomap.mapped()) {
        long address = mapping.access(iomap.addressOf(position), cowPage.length);
        mapping.contents().load();
        MemorySegment.copy(
            mapping.host().memory().segment(),
            ValueLayout.JAVA_BYTE,
            address,
            cowPage,
            0,
            cowPage.length);
      }
      return fault.finishCow(cowPage);
    }
    if (!iomap.mapped()) {
      // A store got blocks from begin; only a load can meet a hole here.
      insertEntry(fault, entry, -1, false);
      FaultResult result = fault.insertZero();
      mapping
          .trace()
          .add(FaultEvent.fault("dax_load_hole", mapping.host().ino(), fault, result.traced()));
      return result;
    }
    long address = mapping.access(iomap.addressOf(position), DaxIo.PAGE_BYTES);
    insertEntry(fault, entry, address / DaxIo.PAGE_BYTES, fault.write());
    mapping.trace().add(FaultEvent.insertMapping(mapping.host().ino(), fault, entry.frame()));
    return fault.insertFrame(address / DaxIo.PAGE_BYTES);
  }

  /**
   * {@code dax_insert_entry}; a negative frame means the page of zeros. A block that takes the
   * place of zeros first takes them out of every page table: a reader elsewhere would go on seeing
   * zeros for ever.
   */
  private void insertEntry(PageFault fault, DaxEntry entry, long frame, boolean dirty) {
    if (dirty) {
      mapping.host().markPagesDirty();
    }
    if (entry.kind() == DaxEntry.Kind.ZERO && frame >= 0) {
      mapping.mappings().unmap(fault.pgoff(), 1, false);
    }
    if (entry.kind() != DaxEntry.Kind.FRAME) {
      if (frame >= 0) {
        entry.becomeFrameLocked(frame);
      } else {
        entry.becomeZeroLocked();
      }
    }
    if (dirty) {
      entry.dirtyLocked();
    }
  }
}
