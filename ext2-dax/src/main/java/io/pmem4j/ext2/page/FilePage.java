// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.lock.OrderedMutex;

/**
 * A page of a file with its buffers: {@code struct page} and its {@code buffer_head}s, one for each
 * block. All but the flags of the page is accessed under its lock; contents are also read by
 * read(2) and by mappings, which hold no lock of the page, as in the kernel.
 */
public final class FilePage {
  /** Bytes of a page. */
  public static final int BYTES = 4096;

  /** A block of a page: {@code struct buffer_head}. */
  static final class Buffer {
    /** The block of the file system; 0 unless {@code BH_Mapped}. */
    long block;

    boolean uptodate;
    boolean dirty;

    /** {@code BH_New}: allocated, and what the device has there is another file's. */
    boolean isNew;

    boolean mapped() {
      return block != 0;
    }
  }

  private final PageCache cache;
  private final long index;
  private final long number;
  private final byte[] bytes = new byte[BYTES];
  private final OrderedMutex lock;
  private final Buffer[] buffers;

  /** {@code PageUptodate}: all of the page is the file's. Rises under the lock. */
  private volatile boolean uptodate;

  /** {@code PageDirty}; changed under the lock. */
  private volatile boolean dirty;

  /** False once the page has left the cache: {@code !page->mapping}. Changed under the lock. */
  private volatile boolean attached;

  /** {@code PageReferenced}, for reclaim. */
  private volatile boolean referenced;

  FilePage(PageCache cache, long index, long number, int blockBytes, OrderedMutex lock) {
    this.cache = cache;
    this.index = index;
    this.number = number;
    this.lock = lock;
    this.buffers = new Buffer[BYTES / blockBytes];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = new Buffer();
    }
  }

  PageCache cache() {
    return cache;
  }

  /** Returns the index of the page in the file. */
  public long index() {
    return index;
  }

  /** Returns a number that no other page of the mount has or had: the page frame number. */
  public long number() {
    return number;
  }

  /** Returns the contents. */
  public byte[] bytes() {
    return bytes;
  }

  OrderedMutex lock() {
    return lock;
  }

  Buffer[] buffers() {
    return buffers;
  }

  /** Returns true if all of the page is the file's: {@code PageUptodate}. */
  public boolean isUptodate() {
    return uptodate;
  }

  void uptodateLocked() {
    lock.assertHeld();
    uptodate = true;
  }

  boolean isDirty() {
    return dirty;
  }

  void dirtyLocked(boolean value) {
    lock.assertHeld();
    dirty = value;
  }

  boolean isAttached() {
    return attached;
  }

  void attachedLocked(boolean value) {
    lock.assertHeld();
    attached = value;
  }

  boolean isReferenced() {
    return referenced;
  }

  void referenced(boolean value) {
    referenced = value;
  }
}
