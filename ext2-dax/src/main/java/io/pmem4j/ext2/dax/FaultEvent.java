// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.mm.PageFault;

/**
 * One event of the kernel's {@code fs_dax} trace system. {@link #toString} is the canonical text
 * that both sides of a comparison are brought into: addresses become page indexes, radix entries
 * become block numbers, and the fault flags keep only WRITE and MKWRITE.
 *
 * @param name the tracepoint
 * @param ino inode number
 * @param shared VM_SHARED of the mapping; false where the event has none
 * @param write FAULT_FLAG_WRITE
 * @param mkwrite FAULT_FLAG_MKWRITE
 * @param pgoff page index, or first index of a range
 * @param block block of the entry inserted, which is the first of 512 for 2 MiB, else 0
 * @param end last index of a range, or number of pages written back, or for a fault on 2 MiB the
 *     file's size in pages, else 0
 * @param result the name of the result, or the empty string
 */
public record FaultEvent(
    String name,
    long ino,
    boolean shared,
    boolean write,
    boolean mkwrite,
    long pgoff,
    long block,
    long end,
    String result) {

  static FaultEvent fault(String name, long ino, PageFault fault, String result) {
    return new FaultEvent(
        name, ino, fault.shared(), fault.write(), fault.mkwrite(), fault.pgoff(), 0, 0, result);
  }

  static FaultEvent insertMapping(long ino, PageFault fault, long block) {
    return new FaultEvent(
        "dax_insert_mapping",
        ino,
        fault.shared(),
        fault.write(),
        false,
        fault.pgoff(),
        block,
        0,
        "");
  }

  static FaultEvent pmd(String name, long ino, PageFault fault, long maxPgoff, String result) {
    return new FaultEvent(
        name, ino, fault.shared(), fault.write(), false, fault.pgoff(), 0, maxPgoff, result);
  }

  static FaultEvent insertHuge(long ino, PageFault fault, long block) {
    return new FaultEvent(
        "dax_pmd_insert_mapping",
        ino,
        fault.shared(),
        fault.write(),
        false,
        fault.pgoff(),
        block,
        0,
        "");
  }

  static FaultEvent range(String name, long ino, long first, long last) {
    return new FaultEvent(name, ino, false, false, false, first, 0, last, "");
  }

  /**
   * The canonical text; one of
   *
   * <pre>
   * dax_pte_fault ino=12 shared WRITE|MKWRITE pgoff=3
   * dax_pte_fault_done ino=12 private - pgoff=3 NOPAGE
   * dax_load_hole ino=12 shared - pgoff=3 NOPAGE
   * dax_insert_mapping ino=12 shared write pgoff=3 block=4608
   * dax_pmd_fault ino=12 shared WRITE pgoff=600 max_pgoff=1024
   * dax_pmd_fault_done ino=12 shared WRITE pgoff=600 max_pgoff=1024 FALLBACK
   * dax_pmd_insert_mapping ino=12 shared write pgoff=600 block=25088
   * dax_writeback_range ino=12 pgoff=0-2251799813685247
   * dax_writeback_range_done ino=12 end=2251799813685247
   * dax_writeback_one ino=12 pgoff=3 pglen=1
   * </pre>
   */
  @Override
  public String toString() {
    String head = name + " ino=" + ino + " ";
    return switch (name) {
      case "dax_insert_mapping", "dax_pmd_insert_mapping" ->
          head + sharing() + (write ? " write" : " read") + " pgoff=" + pgoff + " block=" + block;
      case "dax_writeback_range" -> head + "pgoff=" + pgoff + "-" + end;
      case "dax_writeback_range_done" -> head + "end=" + end;
      case "dax_writeback_one" -> head + "pgoff=" + pgoff + " pglen=" + end;
      default ->
          head
              + sharing()
              + " "
              + flags()
              + " pgoff="
              + pgoff
              + (name.startsWith("dax_pmd") ? " max_pgoff=" + end : "")
              + (result.isEmpty() ? "" : " " + result);
    };
  }

  private String sharing() {
    return shared ? "shared" : "private";
  }

  private String flags() {
    return write ? (mkwrite ? "WRITE|MKWRITE" : "WRITE") : "-";
  }
}
