// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A map of keys and values of bytes, in the order of the keys as unsigned bytes.
 *
 * {@snippet :
 * try (DurableMap map = DurableMap.openOrCreate(path, 1 << 28)) {
 *   map.put(key, value); // durable when it returns
 *   byte[] found = map.get(key);
 *   try (MapTransaction transaction = map.begin()) {
 *     transaction.put(from, less);
 *     transaction.put(to, more);
 *     transaction.commit(); // both or none
 *   }
 * }
 * }
 *
 * <p><b>Durability.</b> A change is durable when {@link #put}, {@link #remove} or {@link
 * MapTransaction#commit} has returned. Each costs one drain, or one sync of the file, whatever its
 * size. After a kill or a power cut at any moment the map is as some commit has left it, and no
 * acknowledged commit is missing. Nothing is repaired on opening: the tree is never changed in
 * place, and one word names its root. Shown by {@code MapCrashTest} and, in all crash states of
 * four modes, by {@code io.pmem4j.crash.DurableMapSweepTest} of pmem-testkit.
 *
 * <p><b>Growth.</b> A commit that does not fit makes the file longer, by half if the disk has room
 * for that. The new length and its blocks are durable before the commit stores anything. A full
 * disk is a {@link MapFullException}, and the map is as before. Shown by {@code
 * MapGrowthSweepTest}.
 *
 * <p><b>Readers</b> never wait. {@link #get} reads the latest commit, and a {@link #snapshot} one
 * commit for as long as it is open.
 *
 * <p><b>Damage.</b> A page is checked when it is read; if it is damaged, or has no memory, {@link
 * DurableCorruptionException} is thrown. Damage of what the last commit wrote cannot be told from a
 * crash in the middle of that commit, unless the map was closed after it: then the commit is
 * missing. One of the two copies of the header may be lost.
 *
 * <p>Thread-safe. The format is described in {@code docs/formats.md}.
 */
public final class DurableMap implements AutoCloseable {
  /** The most bytes of a key. */
  public static final int MAX_KEY_BYTES = 1000;

  /** The size of a page of the file in bytes; a new map needs three. */
  public static final int PAGE_BYTES = MapPage.SIZE;

  private final MapMemory memory;
  private final MapWriter writer;

  private DurableMap(MapMemory memory, boolean mayMake, Scheduler scheduler) {
    this.memory = memory;
    long id = MapHeader.find(memory.first, mayMake);
    this.writer = new MapWriter(memory, new MapPages(memory.first, id), scheduler);
  }

  /** Returns a builder of a map in a file that grows without a maximum. */
  public static Builder builder() {
    return new Builder(1 << 20, Long.MAX_VALUE, Scheduler.production());
  }

  /**
   * A specification of a map in a file. Immutable; each method returns a changed copy.
   *
   * {@snippet :
   * DurableMap.builder().initialBytes(1 << 24).maxBytes(1L << 36).openOrCreate(path)
   * }
   */
  public static final class Builder {
    private final long initialBytes;
    private final long maxBytes;
    private final Scheduler scheduler;

    private Builder(long initialBytes, long maxBytes, Scheduler scheduler) {
      this.initialBytes = initialBytes;
      this.maxBytes = maxBytes;
      this.scheduler = scheduler;
    }

    /**
     * Sets the size of a new file: 1 MiB unless set. A file that exists and is shorter is refused.
     *
     * @param bytes at least three pages
     */
    public Builder initialBytes(long bytes) {
      if (bytes < (MapHeader.FIRST_PAGE + 1) * PAGE_BYTES) {
        throw new IllegalArgumentException(
            bytes + " bytes, a map needs " + (MapHeader.FIRST_PAGE + 1) * PAGE_BYTES);
      }
      return new Builder(bytes, maxBytes, scheduler);
    }

    /**
     * Sets the size up to which a full map makes its file longer. A longer file that exists keeps
     * its size; 0 stands for files that never grow.
     */
    public Builder maxBytes(long bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("maxBytes " + bytes);
      }
      return new Builder(initialBytes, bytes, scheduler);
    }

    /** Sets the scheduler of the lock, for tests. */
    public Builder scheduler(Scheduler of) {
      return new Builder(initialBytes, maxBytes, of);
    }

    /** Opens the map in a file, or makes one, as {@link DurableMap#openOrCreate} does. */
    public DurableMap openOrCreate(Path path) throws IOException {
      return open(path, MapSpec.openOrCreate(initialBytes).exclusive(), true);
    }

    /** Opens the map in a file that exists, as {@link DurableMap#open(Path)} does. */
    public DurableMap open(Path path) throws IOException {
      return open(path, MapSpec.existing().exclusive(), false);
    }

    private DurableMap open(Path path, MapSpec spec, boolean mayMake) throws IOException {
      MapMemory memory = MapMemory.open(path, spec, maxBytes);
      try {
        return new DurableMap(memory, mayMake, scheduler);
      } catch (RuntimeException | Error failure) {
        memory.close();
        throw failure;
      }
    }
  }

  /**
   * Opens the map in a file, or makes one. The file is exclusive, and grows when the map is full.
   *
   * @param bytes size of a new file, at least three pages; one that exists keeps its size
   * @throws IOException as by {@link Pmem#map}, also if the file is shorter
   * @throws DurableFormatException if the file is no map
   * @throws DurableCorruptionException if its root is damaged
   */
  public static DurableMap openOrCreate(Path path, long bytes) throws IOException {
    return builder().initialBytes(bytes).openOrCreate(path);
  }

  /**
   * Opens the map in a file that exists; otherwise as {@link #openOrCreate}.
   *
   * @throws DurableFormatException also if the file is shorter than its map
   */
  public static DurableMap open(Path path) throws IOException {
    return builder().open(path);
  }

  /**
   * Opens the map in a memory, or makes one in a memory of zeros; otherwise as {@link
   * #openOrCreate}. It does not grow. A map in a memory that is mapped read-only can be read.
   * {@link #close} does not close the memory.
   */
  public static DurableMap open(PersistentMemory memory) {
    return open(memory, Scheduler.production());
  }

  /** Opens the map as {@link #open(PersistentMemory)} does, with a lock of another scheduler. */
  public static DurableMap open(PersistentMemory memory, Scheduler scheduler) {
    return new DurableMap(MapMemory.fixed(memory), true, scheduler);
  }

  /** Returns the number of keys. */
  public long size() {
    return writer.current().entries();
  }

  /**
   * Returns a copy of the value of a key, or null if the key is not there.
   *
   * @throws DurableCorruptionException if it lies on a damaged page
   */
  public byte @Nullable [] get(byte[] key) {
    return writer.get(key);
  }

  /** Returns the value of a key as {@link #get(byte[])} does, or null. */
  public @Nullable MemorySegment get(MemorySegment key) {
    byte[] value = get(key.toArray(ValueLayout.JAVA_BYTE));
    return value == null ? null : MemorySegment.ofArray(value);
  }

  /**
   * Puts a value, in place of an older one, durably.
   *
   * @throws IllegalArgumentException if the key is longer than {@link #MAX_KEY_BYTES}
   * @throws MapFullException if it does not fit and the file does not grow; the map is unchanged
   * @throws io.pmem4j.pmem.PmemException if it cannot be made durable; it may be there after a
   *     restart, and the map takes no more changes
   */
  public void put(byte[] key, byte[] value) {
    try (MapTransaction one = begin()) {
      one.put(key, value);
      one.commit();
    }
  }

  /** Puts a value as {@link #put(byte[], byte[])} does. */
  public void put(MemorySegment key, MemorySegment value) {
    put(key.toArray(ValueLayout.JAVA_BYTE), value.toArray(ValueLayout.JAVA_BYTE));
  }

  /**
   * Removes a key, durably.
   *
   * @return false if it was not there
   */
  public boolean remove(byte[] key) {
    try (MapTransaction one = begin()) {
      boolean removed = one.remove(key);
      one.commit();
      return removed;
    }
  }

  /**
   * Begins a transaction, and waits for the end of another thread's.
   *
   * @throws IllegalStateException if this thread has one
   */
  public MapTransaction begin() {
    writer.lock.lock();
    try {
      writer.checkWritable();
      return new MapTransaction(writer);
    } catch (RuntimeException | Error refused) {
      writer.lock.unlock();
      throw refused;
    }
  }

  /** Returns the map as the latest commit has left it. */
  public MapSnapshot snapshot() {
    return writer.snapshot();
  }

  /**
   * Reads the whole map as the latest commit has left it, and checks pages, order and counts.
   *
   * @return the number of pages of its tree
   * @throws DurableCorruptionException if it is damaged
   */
  public int check() {
    try (MapSnapshot snapshot = snapshot()) {
      return snapshot.check();
    }
  }

  /** Closes the map, and the file if this class opened it. Waits for the end of a transaction. */
  @Override
  public void close() {
    writer.lock.lock();
    try {
      writer.close();
    } finally {
      memory.close();
      writer.lock.unlock();
    }
  }
}
