// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The body of a fault on 2 MiB: {@code dax_iomap_pmd_fault} of Linux 5.10. The caller holds what
 * keeps truncation away. Whatever does not fit is FALLBACK, and a fault on one page follows, which
 * also is the one to report what failed. Thread-safe.
 */
public final class PmdFault {
  private final DaxMapping mapping;
  private final IomapOps ops;

  /** The body for one file. */
  public PmdFault(DaxMapping mapping, IomapOps ops) {
    this.mapping = mapping;
    this.ops = ops;
  }

  /** Runs the body between its two trace events. */
  public FaultResult run(PageFault fault) {
    long ino = mapping.host().ino();
    long maxPgoff = Math.ceilDiv(mapping.host().size(), DaxIo.PAGE_BYTES);
    mapping.trace().add(FaultEvent.pmd("dax_pmd_fault", ino, fault, maxPgoff, ""));
    FaultResult result = body(fault, maxPgoff);
    if (result == FaultResult.FALLBACK) {
      fault.splitHuge();
    }
    mapping
        .trace()
        .add(FaultEvent.pmd("dax_pmd_fault_done", ino, fault, maxPgoff, result.traced()));
    return result;
  }

  private FaultResult body(PageFault fault, long maxPgoff) {
    if (!fitsMapping(fault)) {
      return FaultResult.FALLBACK;
    }
    long first = fault.pgoff() - fault.pgoff() % Mmu.HUGE_PAGES;
    if (first >= maxPgoff) {
      return FaultResult.SIGBUS;
    }
    if (first + Mmu.HUGE_PAGES > maxPgoff) {
      return FaultResult.FALLBACK;
    }
    try (var locked = mapping.grabPmd(fault.pgoff())) {
      if (locked == null) {
        return FaultResult.FALLBACK;
      }
      if (fault.region() == Mmu.Region.TABLE) {
        // Another task's fault on one page was faster: look again.
        return FaultResult.DONE;
      }
      return lookUp(fault, locked.entry(), first * DaxIo.PAGE_BYTES);
    }
  }

  /** The conditions that ask only for the mapping: the colour, copy on write, both bounds. */
  private static boolean fitsMapping(PageFault fault) {
    long around = fault.address() - Math.floorMod(fault.address(), Mmu.HUGE_BYTES);
    boolean colour = fault.pgoff() % Mmu.HUGE_PAGES == (fault.address() - around) / Mmu.PAGE_BYTES;
    return colour
        && !(fault.write() && !fault.shared())
        && around >= fault.vma().start()
        && around + Mmu.HUGE_BYTES <= fault.vma().end();
  }

  private FaultResult lookUp(PageFault fault, DaxEntry entry, long position) {
    int flags = Iomap.FAULT | (fault.write() ? Iomap.WRITE : 0);
    try {
      Iomap iomap = ops.begin(position, Mmu.HUGE_BYTES, flags);
      FaultResult result = FaultResult.FALLBACK;
      try {
        result = insert(fault, entry, iomap, position);
      } finally {
        long done = result == FaultResult.FALLBACK ? 0 : Mmu.HUGE_BYTES;
        ops.end(position, Mmu.HUGE_BYTES, done, flags, iomap);
      }
      return result;
    } catch (Ext2Exception e) {
      return FaultResult.FALLBACK;
    }
  }

  private FaultResult insert(PageFault fault, DaxEntry entry, Iomap iomap, long position)
      throws Ext2Exception {
    // A hole never gives a huge page of zeros: no hole is reported longer than one block.
    if (!iomap.mapped() || iomap.offset() + iomap.length() < position + Mmu.HUGE_BYTES) {
      return FaultResult.FALLBACK;
    }
    long address = mapping.access(iomap.addressOf(position), Mmu.HUGE_BYTES);
    if (address % Mmu.HUGE_BYTES != 0) {
      return FaultResult.FALLBACK;
    }
    long frame = address / DaxIo.PAGE_BYTES;
    if (fault.write()) {
      mapping.host().markPagesDirty();
    }
    if (entry.kind() != DaxEntry.Kind.FRAME) {
      entry.becomeFrameLocked(frame);
    }
    if (fault.write()) {
      entry.dirtyLocked();
    }
    mapping.trace().add(FaultEvent.insertHuge(mapping.host().ino(), fault, frame));
    return fault.insertHuge(frame);
  }
}
