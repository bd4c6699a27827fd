// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.mm.PagemapEntry.Kind;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Pages behind a range of a mapping that a device reads or stores to, as direct I/O from or to the
 * mapping makes it do: {@code get_user_pages}. The device uses frames, without page table, without
 * locks.
 *
 * <p>Nothing of ext2 waits for it. When the file is truncated meanwhile, its blocks are freed and
 * may be another file's by the time the device stores: {@code dax_sem} does not help, and what ext4
 * and XFS do about it ext2 does not. Close it when the device is done. Not thread-safe.
 */
public final class PagePins implements AutoCloseable {
  /**
   * A page that a device holds.
   *
   * @param pte what was in the page table
   * @param frames who counts the frame
   */
  record Pinned(Pte pte, PinnedFrames frames) {}

  private final List<Pinned> pages;
  private final int inPage;
  private final int length;

  private PagePins(List<Pinned> pages, int inPage, int length) {
    this.pages = pages;
    this.inPage = inPage;
    this.length = length;
  }

  static PagePins of(UserAccess access, Vma vma, long offset, int length, boolean write) {
    List<Pinned> pages = new ArrayList<>();
    long first = vma.start() + offset;
    int inPage = (int) Math.floorMod(first, (long) Mmu.PAGE_BYTES);
    PagePins pins = new PagePins(pages, inPage, length);
    boolean done = false;
    try {
      for (long at = first; at < first + length; at = (at | (Mmu.PAGE_BYTES - 1)) + 1) {
        pages.add(access.followPage(vma, at, write));
      }
      done = true;
      return pins;
    } finally {
      if (!done) {
        pins.close();
      }
    }
  }

  /** The device reads the range: write(2) elsewhere with O_DIRECT. */
  public byte[] read() {
    byte[] target = new byte[length];
    transfer(false, (pinned, from, at, now) -> pinned.pte().read(from, target, at, now));
    return target;
  }

  /**
   * The device stores to the range: read(2) elsewhere with O_DIRECT.
   *
   * @param source as long as the range
   */
  public void write(byte[] source) {
    if (source.length != length) {
      throw new IllegalArgumentException(source.length + " bytes for " + length);
    }
    transfer(true, (pinned, from, at, now) -> pinned.pte().writeAround(from, source, at, now));
    pages.stream()
        .map(pinned -> pinned.pte().memory())
        .filter(Objects::nonNull)
        .distinct()
        .forEach(PersistentMemory::drain);
  }

  private interface Transfer {
    void page(Pinned pinned, int inPage, int at, int length);
  }

  private void transfer(boolean store, Transfer transfer) {
    int at = 0;
    int from = inPage;
    for (Pinned pinned : pages) {
      int now = Math.min(Mmu.PAGE_BYTES - from, length - at);
      if (store) {
        pinned.frames().contents().store();
      } else {
        pinned.frames().contents().load();
      }
      transfer.page(pinned, from, at, now);
      at += now;
      from = 0;
    }
  }

  /** Releases the page: {@code put_page}. */
  @Override
  public void close() {
    for (Pinned pinned : pages) {
      if (pinned.pte().kind() == Kind.BLOCK) {
        pinned.frames().unpin(pinned.pte().frame());
      }
    }
    pages.clear();
  }
}
