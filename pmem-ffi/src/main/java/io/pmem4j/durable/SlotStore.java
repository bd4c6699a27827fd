// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemMediaException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Records in slots of equal size, in no order, written and freed independently of each other.
 *
 * {@snippet :
 * try (SlotStore store = SlotStore.openOrCreate(path, 256, 10_000)) {
 *   int slot = store.write(record); // durable when it returns
 *   store.free(slot); // gone when it returns
 * }
 * }
 *
 * <p><b>Durability.</b> A record is durable when {@link #write} has returned, and gone when {@link
 * #free} has. Each costs one persist. After a kill or a power cut at any moment every record is
 * whole or not there; those that were written and not freed are there. There is no order between
 * slots and no replacement in place: write the new record, then free the old one. {@link #sequence}
 * tells which of two is newer. Shown by {@code SlotStoreTest} and {@code DurableStructuresTest}.
 *
 * <p><b>Damage.</b> A damaged record is not served. It looks like a write that a crash has torn, so
 * that {@link #tornSlots} counts it: a crash tears one slot for each thread in {@link #write}. A
 * slot without memory, as on poisoned media, stays among {@link #slots}, and {@link #read} throws.
 *
 * <p>Thread-safe, and threads do not wait for each other. The format is described in {@code
 * docs/formats.md}.
 */
public final class SlotStore implements AutoCloseable {
  private static final int FREE = 0;
  private static final int BUSY = 1;
  private static final int USED = 2;

  /** There is no memory behind the slot, so that nobody knows if it holds a record. */
  private static final int LOST = 3;

  private static final int SEQUENCE_AT = 16;

  private final PersistentMemory memory;
  private final @Nullable Arena arena;
  private final SlotHeader header;
  private final AtomicIntegerArray states;
  private final FreeSlots unused;

  /** The last sequence number, on a cache line of its own: each write changes it. */
  private final AtomicLongArray lastSequence = new AtomicLongArray(2 * SEQUENCE_AT);

  private final int torn;
  private volatile boolean closed;

  private SlotStore(PersistentMemory memory, @Nullable Arena arena, SlotHeader header) {
    this.memory = memory;
    this.arena = arena;
    this.header = header;
    this.states = new AtomicIntegerArray(header.slots());
    this.unused = new FreeSlots(header.slots());
    int damaged = 0;
    long last = 0;
    // The first slot is added last, and used first.
    for (int slot = header.slots() - 1; slot >= 0; slot--) {
      byte[] record;
      try {
        record = whole(slot);
      } catch (PmemMediaException poisoned) {
        states.setPlain(slot, LOST);
        continue;
      }
      if (record != null) {
        states.setPlain(slot, USED);
        last = Math.max(last, sequence(record));
        memory.flush(header.at(slot), record.length); // a kill may have left it in the caches only
        continue;
      }
      damaged += memory.getLong(header.at(slot)) == 0 ? 0 : 1;
      unused.add(slot);
    }
    memory.drain();
    this.torn = damaged;
    lastSequence.set(SEQUENCE_AT, last);
  }

  /**
   * Opens the store in a file, or makes one. The file is exclusive.
   *
   * @param slotBytes the largest size of a record, at least 1
   * @param slots the number of slots, at least 1
   * @throws IOException as by {@link Pmem#map}, also if the file is shorter
   * @throws DurableFormatException if the file is no store, or one with other sizes
   */
  @SuppressWarnings("MustBeClosedChecker") // by close
  public static SlotStore openOrCreate(Path path, int slotBytes, int slots) throws IOException {
    SlotHeader wanted = SlotHeader.of(slotBytes, slots);
    Arena arena = Arena.ofShared();
    try {
      MapSpec spec = MapSpec.openOrCreate(wanted.bytes()).exclusive();
      PersistentMemory memory = Pmem.map(path, spec, arena);
      return new SlotStore(memory, arena, SlotHeader.find(memory, wanted));
    } catch (IOException | RuntimeException | Error failure) {
      arena.close();
      throw failure;
    }
  }

  /**
   * Opens the store in a memory, or makes one in a memory of zeros; otherwise as {@link
   * #openOrCreate}. {@link #close} does not close the memory.
   */
  public static SlotStore open(PersistentMemory memory, int slotBytes, int slots) {
    return new SlotStore(memory, null, SlotHeader.find(memory, SlotHeader.of(slotBytes, slots)));
  }

  /** Returns the record in a slot as it is stored with its header, or null if none is whole. */
  private byte @Nullable [] find(int slot) {
    try {
      return whole(slot);
    } catch (PmemMediaException poisoned) {
      return null;
    }
  }

  private byte @Nullable [] whole(int slot) {
    long at = header.at(slot);
    long word = memory.getLong(at);
    int length = (int) word - 1;
    if (length < 0 || length > header.slotBytes()) {
      return null;
    }
    byte[] record = new byte[SlotHeader.RECORD_BYTES + length];
    memory.read(at, record);
    ByteBuffer from = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    return from.getLong(0) == word && (int) (word >>> 32) == checksum(slot, record) ? record : null;
  }

  private int checksum(int slot, byte[] record) {
    ByteBuffer place = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    place.putLong(header.id()).putLong(slot);
    CRC32C sum = new CRC32C();
    sum.update(place.array(), 0, 16);
    sum.update(record, 0, 4);
    sum.update(record, 8, record.length - 8);
    return (int) sum.getValue();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  /**
   * Writes a record into a free slot, durably.
   *
   * @return the slot
   * @throws IllegalArgumentException if the record is larger than a slot
   * @throws StoreFullException if no slot is free
   * @throws io.pmem4j.pmem.PmemException if it cannot be made durable; it may be there after a
   *     restart, and the slot is not used again before
   */
  public int write(byte[] content) {
    checkOpen();
    if (content.length > header.slotBytes()) {
      throw new IllegalArgumentException(
          "record of " + content.length + " bytes, at most " + header.slotBytes() + " fit");
    }
    int slot = unused.poll();
    if (slot < 0) {
      throw new StoreFullException(header.slots());
    }
    states.setRelease(slot, BUSY);
    byte[] record = new byte[SlotHeader.RECORD_BYTES + content.length];
    ByteBuffer to = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    to.putInt(content.length + 1)
        .putInt(0)
        .putLong(lastSequence.incrementAndGet(SEQUENCE_AT))
        .put(content);
    to.putInt(4, checksum(slot, record));
    memory.copy(header.at(slot), record, 0, record.length);
    memory.persist(header.at(slot), record.length);
    states.setRelease(slot, USED);
    return slot;
  }

  private byte[] record(int slot) {
    checkOpen();
    int state = states.get(slot);
    byte[] record = state == USED ? find(slot) : null;
    if (record == null) {
      if (state == USED || state == LOST) {
        throw new DurableCorruptionException(
            "the record in slot " + slot + (state == LOST ? " has no memory" : " is damaged"),
            slot);
      }
      throw new NoSuchElementException("slot " + slot + " is free");
    }
    return record;
  }

  /**
   * Returns a copy of the record in a slot.
   *
   * @throws NoSuchElementException if the slot is free
   * @throws DurableCorruptionException if the record was damaged since it was written or found, or
   *     the slot had no memory when the store was opened
   */
  public byte[] read(int slot) {
    byte[] record = record(slot);
    return java.util.Arrays.copyOfRange(record, SlotHeader.RECORD_BYTES, record.length);
  }

  /** Returns the number of the write that filled a slot; it grows from write to write. */
  public long sequence(int slot) {
    return sequence(record(slot));
  }

  private static long sequence(byte[] record) {
    return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getLong(8);
  }

  /**
   * Frees a slot, durably.
   *
   * @throws NoSuchElementException if it is free
   */
  public void free(int slot) {
    checkOpen();
    if (!states.compareAndSet(slot, USED, BUSY)) {
      throw new NoSuchElementException("slot " + slot + " is free");
    }
    memory.publishLong(header.at(slot), 0);
    states.setRelease(slot, FREE);
    unused.add(slot);
  }

  /** Returns the slots that hold records, or may have held one and have lost their memory. */
  public IntStream slots() {
    return IntStream.range(0, header.slots())
        .filter(slot -> states.get(slot) == USED || states.get(slot) == LOST);
  }

  /** Returns the number of slots that held no whole record and were not free when opened. */
  public int tornSlots() {
    return torn;
  }

  /** Closes the store, and the file if this class opened it. */
  @Override
  public void close() {
    synchronized (states) {
      if (!closed) {
        closed = true;
        if (arena != null) {
          arena.close();
        }
      }
    }
  }
}
