// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One value of any size, replaced as a whole.
 *
 * {@snippet :
 * try (DurableCell cell = DurableCell.openOrCreate(path, 1024)) {
 *   byte[] settings = cell.get().orElse(DEFAULTS);
 *   cell.set(changed(settings)); // durable when it returns
 * }
 * }
 *
 * <p><b>Durability.</b> {@link #set} writes the older of two copies and makes it durable by one
 * persist; its checksum is the commit. After a kill or a power cut at any moment the cell holds the
 * value of before or after. Shown by {@code DurableCellTest} and {@code DurableStructuresTest}.
 *
 * <p><b>Damage.</b> If one copy is damaged or has no memory, the other counts: then the value may
 * be the one before the last, and {@link #isDegraded} says so. A crash in the middle of {@link
 * #set} looks the same; nothing is lost then.
 *
 * <p>Thread-safe. The format is described in {@code docs/formats.md}.
 */
public final class DurableCell implements AutoCloseable {
  private static final int UNIT = CellCopy.UNIT;

  private final PersistentMemory memory;
  private final @Nullable Arena arena;
  private final long room;
  private final boolean degraded;
  private CellCopy current;
  private int place; // of the current copy: 0 or 1
  private boolean closed;

  private DurableCell(PersistentMemory memory, @Nullable Arena arena) {
    this.memory = memory;
    this.arena = arena;
    this.room = memory.byteSize() / 2 / UNIT * UNIT;
    if (room == 0) {
      throw new DurableFormatException(
          memory.byteSize() + " bytes are too short for a cell, expected at least " + 2 * UNIT);
    }
    CellCopy one = CellCopy.read(memory, 0, room);
    CellCopy other = CellCopy.read(memory, room, room);
    if (one == null && other == null) {
      CellCopy.TWIN.checkNew(memory, room, 0, CellCopy.HEADER_BYTES, this::isTorn);
      this.current = new CellCopy(1, null);
      this.place = 0;
      this.degraded = false;
      current.write(memory, 0, room);
      new CellCopy(0, null).write(memory, room, room);
      return;
    }
    if (other == null || (one != null && one.sequence > other.sequence)) {
      this.current = Objects.requireNonNull(one);
      this.place = 0;
    } else {
      this.current = other;
      this.place = 1;
    }
    this.degraded = one == null || other == null;
    memory.persist(place * room, room); // a kill may have left it in the caches only
  }

  private boolean isTorn() {
    long magic = memory.getLong(0);
    long sequence = memory.getLong(16);
    long length = memory.getLong(24);
    return (magic == 0 || magic == CellCopy.TWIN.magic())
        && (sequence == 0 || sequence == 1)
        && (length == 0 || length == ((long) CellCopy.units(room) << 32 | 0xffff_ffffL));
  }

  /**
   * Opens the cell in a file, or makes one without a value. The file is exclusive.
   *
   * @param maxBytes of a value, in a new file; one that exists keeps its size
   * @throws IOException as by {@link Pmem#map}, also if the file is shorter
   * @throws DurableFormatException if the file is no cell
   * @throws DurableCorruptionException if both copies are damaged
   */
  @SuppressWarnings("MustBeClosedChecker") // by close
  public static DurableCell openOrCreate(Path path, int maxBytes) throws IOException {
    if (maxBytes < 0) {
      throw new IllegalArgumentException("maxBytes " + maxBytes);
    }
    long copy = ((long) maxBytes + CellCopy.HEADER_BYTES + UNIT - 1) / UNIT * UNIT;
    Arena arena = Arena.ofShared();
    try {
      MapSpec spec = MapSpec.openOrCreate(2 * copy).exclusive();
      return new DurableCell(Pmem.map(path, spec, arena), arena);
    } catch (IOException | RuntimeException | Error failure) {
      arena.close();
      throw failure;
    }
  }

  /**
   * Opens the cell in a memory, or makes one in a memory of zeros; otherwise as {@link
   * #openOrCreate}. {@link #close} does not close the memory.
   */
  public static DurableCell open(PersistentMemory memory) {
    return new DurableCell(memory, null);
  }

  /** Returns the largest size of a value, in bytes. */
  public int maxBytes() {
    return (int) Math.min(room - CellCopy.HEADER_BYTES, Integer.MAX_VALUE - 64);
  }

  /** Returns true if one of the copies was damaged when the cell was opened. */
  public boolean isDegraded() {
    return degraded;
  }

  /** Returns a copy of the value, or nothing if none was ever set. */
  public synchronized Optional<byte[]> get() {
    byte[] value = current.value;
    return value == null ? Optional.empty() : Optional.of(value.clone());
  }

  /**
   * Replaces the value, durably.
   *
   * @throws IllegalArgumentException if it is larger than {@link #maxBytes}
   * @throws io.pmem4j.pmem.PmemException if it cannot be made durable; it may be there after a
   *     restart
   */
  public synchronized void set(byte[] value) {
    if (closed) {
      throw new IllegalStateException("the cell is closed");
    }
    if (value.length > maxBytes()) {
      throw new IllegalArgumentException(
          "value of " + value.length + " bytes, at most " + maxBytes() + " fit");
    }
    CellCopy next = new CellCopy(current.sequence + 1, value.clone());
    next.write(memory, (1 - place) * room, room);
    current = next;
    place = 1 - place;
  }

  /** Closes the cell, and the file if this class opened it. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      if (arena != null) {
        arena.close();
      }
    }
  }
}
