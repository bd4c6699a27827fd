// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.PagemapEntry;
import io.pmem4j.ext2.mm.Vma;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The conditions that hold after all tasks have ended, in every interleaving. */
final class CorruptionOracle {
  private final TwoFileFixture fixture;
  private final boolean truncates;

  CorruptionOracle(TwoFileFixture fixture, boolean truncates) {
    this.fixture = fixture;
    this.truncates = truncates;
  }

  void check() throws Ext2Exception {
    if (!fixture.fs.errors().isEmpty()) {
      throw new AssertionError("the file system reports: " + fixture.fs.errors().getFirst());
    }
    checkB();
    fixture.processes().forEach(CorruptionOracle::checkCopy);
    if (!fixture.isUnlinked()) {
      checkA(blocks(fixture.b()));
    }
  }

  private void checkA(Map<Long, Long> blocksOfB) throws Ext2Exception {
    Map<Long, Long> blocksOfA = blocks(fixture.firstProcess().file);
    for (long block : blocksOfA.values()) {
      if (blocksOfB.containsValue(block)) {
        throw new DamageError(Damage.BLOCK_IN_TWO_FILES);
      }
    }
    long size = fixture.firstProcess().file.stat().size();
    for (TwoFileFixture.ScenarioProcess process : fixture.processes()) {
      if (process.mapping != null) {
        checkPageTable(process, fixture.layout, size, blocksOfA);
        checkContents(process, size);
      }
    }
    checkStores(size);
    checkTail(size);
  }

  /** Checks that an extended file shows zeros, or bytes that were stored past EOF. */
  private void checkTail(long size) throws Ext2Exception {
    byte[] tail = new byte[TwoFileFixture.PAGE];
    if (size % TwoFileFixture.PAGE != 0 && size >= fixture.smallestSize()) {
      fixture
          .firstProcess()
          .file
          .truncate(Math.ceilDiv(size, TwoFileFixture.PAGE) * TwoFileFixture.PAGE);
      int length = (int) fixture.firstProcess().file.pread(size, tail);
      for (int i = 0; i < length; i++) {
        if (tail[i] == TwoFileFixture.OF_A) {
          throw new DamageError(Damage.CUT_BYTES_RETURN);
        }
      }
    }
  }

  /** Checks that the copy of a private mapping came from the file itself. */
  private static void checkCopy(TwoFileFixture.ScenarioProcess process) {
    Vma copy = process.copy;
    if (copy != null && process.memory.pagemap(copy, 0).kind() == PagemapEntry.Kind.ANONYMOUS) {
      for (byte each : process.memory.load(copy, 0, TwoFileFixture.PAGE)) {
        if (each == TwoFileFixture.OF_B) {
          throw new DamageError(Damage.FOREIGN_COPY);
        }
      }
    }
  }

  /** Checks {@code A.7}: no page past EOF is mapped, and each mapped block belongs to the file. */
  private void checkPageTable(
      TwoFileFixture.ScenarioProcess process,
      FileLayout layout,
      long size,
      Map<Long, Long> blocks) {
    for (int page = 0; page < layout.mappedPages(); page++) {
      PagemapEntry entry =
          process.memory.pagemap(process.mapping(), (long) page * TwoFileFixture.PAGE);
      if (entry.kind() == PagemapEntry.Kind.NONE) {
        continue;
      }
      if (layout.position(page) >= size) {
        checkForeign(process, entry, page);
        throw new DamageError(
            Damage.MAPPED_PAST_EOF,
            "page %d, %s, in a file of %d bytes"
                .formatted(layout.first() + page, shown(entry), size));
      }
      if (entry.kind() == PagemapEntry.Kind.ZERO_PAGE
          && blocks.containsKey((long) layout.first() + page)) {
        throw new DamageError(
            Damage.STALE_ZEROS,
            "page %d, block %d"
                .formatted(layout.first() + page, blocks.get((long) layout.first() + page)));
      }
      if (entry.kind() == PagemapEntry.Kind.BLOCK
          && !Long.valueOf(entry.block()).equals(blocks.get((long) layout.first() + page))) {
        checkForeign(process, entry, page);
        throw new DamageError(
            Damage.FOREIGN_BLOCK, "page %d, %s".formatted(layout.first() + page, shown(entry)));
      }
    }
  }

  /**
   * Checks whether a mapped block belongs to the other file: an entry of the page table needs no
   * fault, so the process would go on loading and storing there.
   */
  private void checkForeign(TwoFileFixture.ScenarioProcess process, PagemapEntry entry, int page) {
    if (entry.kind() == PagemapEntry.Kind.BLOCK && process.load(page) == TwoFileFixture.OF_B) {
      throw new DamageError(
          Damage.FOREIGN_MAPPING,
          "page %d, %s, of the other file: '%c'"
              .formatted(fixture.layout.first() + page, shown(entry), TwoFileFixture.OF_B));
    }
  }

  private static String shown(PagemapEntry entry) {
    return entry.kind() == PagemapEntry.Kind.BLOCK ? "block " + entry.block() : "no block";
  }

  private void checkContents(TwoFileFixture.ScenarioProcess process, long size) {
    FileLayout layout = fixture.layout;
    for (int page = 0; layout.position(page) < size && page < layout.watchedPages(); page++) {
      long start = layout.position(page);
      int length = (int) Math.min(TwoFileFixture.PAGE, size - start);
      byte[] shown =
          process.memory.load(process.mapping(), (long) page * TwoFileFixture.PAGE, length);
      for (int i = 0; i < length; i++) {
        if (shown[i] == TwoFileFixture.OF_A && start + i >= fixture.smallestSize()) {
          throw new DamageError(Damage.CUT_BYTES_SHOWN);
        }
        if (shown[i] != 0 && shown[i] != TwoFileFixture.OF_A && !isMark(shown[i])) {
          throw new DamageError(Damage.UNWRITTEN_BYTES);
        }
      }
    }
  }

  private boolean isMark(byte shown) {
    return fixture.processes().stream().anyMatch(process -> process.mark == shown);
  }

  /** A store that has not failed is there, unless something took the page away. */
  private void checkStores(long size) throws Ext2Exception {
    for (TwoFileFixture.ScenarioProcess process : fixture.processes()) {
      for (int page : process.stored) {
        long position = fixture.layout.position(page) + process.at;
        byte[] found = new byte[1];
        if (!truncates
            && (position >= size
                || process.file.pread(position, found) != 1
                || found[0] != process.mark)) {
          throw new DamageError(
              Damage.LOST_STORE,
              "page %d, byte %d: 0x%02x was stored, 0x%02x is there"
                  .formatted(fixture.layout.first() + page, process.at, process.mark, found[0]));
        }
      }
    }
  }

  /** Checks that the second file holds its own bytes: no other task stored into its blocks. */
  private void checkB() throws Ext2Exception {
    byte[] found = new byte[fixture.bytesWrittenToB()];
    fixture.b().pread(0, found);
    for (byte each : found) {
      if (each == 0) {
        throw new DamageError(Damage.LOST_WRITE);
      }
      if (each != TwoFileFixture.OF_B) {
        throw new DamageError(Damage.FOREIGN_STORE);
      }
    }
  }

  /** The blocks of both files. */
  Set<Long> blocksInUse() throws Ext2Exception {
    Set<Long> blocks = new HashSet<>(blocks(fixture.b()).values());
    if (!fixture.isUnlinked()) {
      blocks.addAll(blocks(fixture.firstProcess().file).values());
    }
    return blocks;
  }

  private static Map<Long, Long> blocks(OpenFile file) throws Ext2Exception {
    Map<Long, Long> blocks = new HashMap<>();
    for (Extent extent : file.fiemap()) {
      for (long at = 0; at < extent.lengthBytes(); at += TwoFileFixture.PAGE) {
        blocks.put(
            (extent.logicalBytes() + at) / TwoFileFixture.PAGE,
            (extent.physicalBytes() + at) / TwoFileFixture.PAGE);
      }
    }
    return blocks;
  }
}
