// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The pages of an image that a trace stores to, one after the other in a small memory. The engine
 * then keeps and compares these pages alone. The order of lines and of words in them is the
 * image's.
 */
public final class TracedPages {
  private static final int PAGE = ImageContent.PAGE_BYTES;

  private static final int SNAPSHOTS = 20;

  private final List<Integer> pages;
  private final int[] slots;

  /** The words that a store through the caches has reached. */
  private final BitSet cached = new BitSet();

  /** Takes pages, in ascending order; stores to others are left out. */
  private TracedPages(Collection<Integer> chosen) {
    pages = List.copyOf(chosen);
    slots = new int[pages.isEmpty() ? 0 : pages.getLast() + 1];
    for (int i = 0; i < pages.size(); i++) {
      slots[pages.get(i)] = i + 1;
    }
  }

  /** Returns the pages that a trace stores to. */
  public static TracedPages of(List<TraceRecord> records) {
    Set<Integer> found = new TreeSet<>();
    for (TraceRecord record : records) {
      if (isStore(record)) {
        found.add((int) (record.offset() / PAGE));
        found.add((int) ((record.offset() + record.bytes() - 1) / PAGE));
      }
    }
    return new TracedPages(found);
  }

  /** Returns the pages from one on, whatever is stored to them. */
  public static TracedPages range(int first, int count) {
    return new TracedPages(IntStream.range(first, first + count).boxed().toList());
  }

  /**
   * Reads the image at a moment without a store.
   *
   * @param file the trace, whose records count from this moment on
   */
  public static ImageContent quietImage(StoreTraceFile file, FsImage image) throws IOException {
    for (int i = 0; i < SNAPSHOTS; i++) {
      file.clear();
      ImageContent content = ImageContent.of(image);
      if (file.count() == 0) {
        return content;
      }
    }
    throw new IOException("the guest stores without a pause; its image cannot be read");
  }

  /**
   * Requires that the records lead from one image to another.
   *
   * @param memory the pages, with the records repeated
   * @throws BackendException if a store is missing: then the plugin is not to be trusted
   */
  public void requireComplete(ImageContent before, ImageContent after, PersistentMemory memory)
      throws BackendException {
    byte[] bytes = new byte[PAGE];
    for (int i = 0; i < pages.size(); i++) {
      memory.read((long) i * PAGE, bytes);
      if (!after.get(pages.get(i)).equals(ByteBuffer.wrap(bytes))) {
        throw incomplete(pages.get(i));
      }
    }
    for (int page : before.differences(after)) {
      if (!has((long) page * PAGE)) {
        throw incomplete(page);
      }
    }
  }

  private static BackendException incomplete(int page) {
    return BackendException.environment(
        "the trace lacks stores: block " + page + " of the image differs from what it stores",
        null);
  }

  private static boolean isStore(TraceRecord record) {
    return record.kind() == TraceRecord.Kind.STORE
        || record.kind() == TraceRecord.Kind.STORE_AROUND;
  }

  /** Returns the numbers of the pages, from the start of the file system, ascending. */
  public List<Integer> pages() {
    return pages;
  }

  /** Returns the place in the image of an offset in the small memory. */
  public long inImage(long offset) {
    return (long) pages.get(Math.toIntExact(offset / PAGE)) * PAGE + offset % PAGE;
  }

  /** Returns memory with the pages as an image has them. */
  public HeapMemory of(ImageContent image) {
    HeapMemory memory = new HeapMemory((long) pages.size() * PAGE);
    for (int i = 0; i < pages.size(); i++) {
      byte[] bytes = new byte[PAGE];
      image.get(pages.get(i)).get(bytes);
      memory.copy((long) i * PAGE, bytes, 0, PAGE);
    }
    return memory;
  }

  /** Repeats records on the memory that a decorator records. */
  public void repeat(List<TraceRecord> records, RecordedMemory memory) {
    List<TraceRecord> run = new ArrayList<>();
    for (TraceRecord record : records) {
      if (!run.isEmpty() && !continues(run, record)) {
        store(run, memory);
      }
      switch (record.kind()) {
        case STORE, STORE_AROUND -> run.add(record);
        case FLUSH -> flush(record, memory);
        case FENCE -> memory.drain();
      }
    }
    store(run, memory);
  }

  /** Stores around the cache that follow each other in one page are one copy. */
  private static boolean continues(List<TraceRecord> run, TraceRecord next) {
    TraceRecord last = run.getLast();
    return next.kind() == TraceRecord.Kind.STORE_AROUND
        && last.kind() == next.kind()
        && next.offset() == last.offset() + last.bytes()
        && next.offset() % PAGE != 0;
  }

  private void store(List<TraceRecord> run, RecordedMemory memory) {
    if (run.isEmpty()) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(run.stream().mapToInt(TraceRecord::bytes).sum());
    for (TraceRecord record : run) {
      for (int i = 0; i < record.bytes(); i++) {
        bytes.put(record.valueAt(i));
      }
    }
    byte[] value = bytes.array();
    TraceRecord first = run.getFirst();
    boolean around = first.kind() == TraceRecord.Kind.STORE_AROUND;
    run.clear();
    // A store that crosses a page is two: its pages need not be neighbours in the small memory.
    int here = (int) Math.min(value.length, PAGE - first.offset() % PAGE);
    store(memory, first.offset(), value, 0, here, around);
    if (here < value.length) {
      store(memory, first.offset() + here, value, here, value.length - here, around);
    }
  }

  private void store(
      RecordedMemory memory, long offset, byte[] value, int from, int length, boolean around) {
    if (!has(offset)) {
      return;
    }
    long at = at(offset);
    if (around) {
      storeAround(memory, at, value, from, length);
      return;
    }
    cached.set((int) (at / Long.BYTES), (int) ((at + length + Long.BYTES - 1) / Long.BYTES));
    ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    // The widest aligned parts: a word of 8 bytes is durable as a whole, a wider store is not.
    for (int i = 0; i < length; ) {
      long to = at + i;
      int part = Math.min(Long.BYTES, Integer.highestOneBit(length - i));
      while (to % part != 0) {
        part /= 2;
      }
      switch (part) {
        case 1 -> memory.putByte(to, value[from + i]);
        case 2 -> memory.putShort(to, bytes.getShort(from + i));
        case 4 -> memory.putInt(to, bytes.getInt(from + i));
        default -> memory.putLong(to, bytes.getLong(from + i));
      }
      i += part;
    }
  }

  /**
   * Stores around the cache. A word that is there already is left out, unless a store through the
   * caches may still be pending for it: the kernel writes blocks, and changes few of their words.
   */
  private void storeAround(RecordedMemory memory, long at, byte[] value, int from, int length) {
    if (at % Long.BYTES != 0 || length % Long.BYTES != 0) {
      memory.write(at, value, from, length, Caching.NON_TEMPORAL);
      return;
    }
    byte[] there = new byte[length];
    memory.read(at, there);
    for (int i = 0; i < length; i += Long.BYTES) {
      boolean same =
          Arrays.equals(there, i, i + Long.BYTES, value, from + i, from + i + Long.BYTES);
      if (!same || cached.get((int) ((at + i) / Long.BYTES))) {
        memory.write(at + i, value, from + i, Long.BYTES, Caching.NON_TEMPORAL);
      }
    }
  }

  private void flush(TraceRecord record, PersistentMemory memory) {
    // A page without a store has nothing to write back.
    if (has(record.offset())) {
      memory.flush(at(record.offset()), record.bytes());
    }
  }

  private boolean has(long offset) {
    int page = (int) (offset / PAGE);
    return page < slots.length && slots[page] != 0;
  }

  private long at(long offset) {
    return (slots[(int) (offset / PAGE)] - 1L) * PAGE + offset % PAGE;
  }
}
