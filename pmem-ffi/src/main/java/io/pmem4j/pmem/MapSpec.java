// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.Objects;
import java.util.Optional;

/**
 * A specification of a mapping. Immutable; each method returns a changed copy.
 *
 * {@snippet :
 * MapSpec.openOrCreate(1 << 24).exclusive()
 * MapSpec.existing().slice(2 << 20, 62 << 20)
 * MapSpec.createNew(1 << 20).sparse().require(Granularity.CACHE_LINE)
 * }
 *
 * <p>Mapping never changes the length or content of a file that exists.
 *
 * <p><b>Creation is atomic.</b> A new file has no name until its length, blocks and zeros are
 * durable. Mapping returns only when the name is durable too. After a kill or a power cut at any
 * moment there is no file under the name, or a whole one.
 */
public final class MapSpec {
  /** Offsets of slices of a file are multiples of this many bytes. */
  public static final long SLICE_ALIGNMENT = 4096;

  private static final long TO_THE_END = -1;
  private static final long NOT_CREATED = -1;

  private final long newLength;
  private final boolean opens;
  private final boolean exclusive;
  private final boolean sparse;
  private final boolean readOnly;
  private final long offset;
  private final long length;
  private final Granularity coarsest;
  private final Optional<Backend> backend;

  private MapSpec(
      long newLength,
      boolean opens,
      boolean exclusive,
      boolean sparse,
      boolean readOnly,
      long offset,
      long length,
      Granularity coarsest,
      Optional<Backend> backend) {
    this.newLength = newLength;
    this.opens = opens;
    this.exclusive = exclusive;
    this.sparse = sparse;
    this.readOnly = readOnly;
    this.offset = offset;
    this.length = length;
    this.coarsest = coarsest;
    this.backend = backend;
  }

  private static MapSpec of(long newLength, boolean opens) {
    return new MapSpec(
        newLength, opens, false, false, false, 0, TO_THE_END, Granularity.PAGE, Optional.empty());
  }

  /** Returns a specification of a whole file or DAX device that exists. */
  public static MapSpec existing() {
    return of(NOT_CREATED, true);
  }

  /**
   * Returns a specification of a new file of {@code bytes} zeros with allocated blocks. Mapping
   * fails if the path exists. A failed mapping leaves no file behind.
   *
   * @param bytes at least 1
   */
  public static MapSpec createNew(long bytes) {
    return of(checkedLength(bytes), false);
  }

  /**
   * Returns a specification of the whole file that exists, or of a new one as by {@link
   * #createNew}. If several callers create it at once, one does and the others open its file.
   *
   * <p>A file that exists and is shorter than {@code bytes} is refused: another program has made
   * it, or is writing it. This is safe against a kill, a power cut and other programs, unlike
   * {@code Files.exists(path) ? existing() : createNew(bytes)}.
   *
   * @param bytes length of a new file and minimum length of one that exists, at least 1
   */
  public static MapSpec openOrCreate(long bytes) {
    return of(checkedLength(bytes), true);
  }

  /**
   * Returns a specification of a file that exists, or of a new one of no bytes, for {@link
   * PmemFile}. A region cannot be empty: {@link Pmem#map} refuses to make such a file.
   */
  public static MapSpec openOrCreateEmpty() {
    return of(0, true);
  }

  private static long checkedLength(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("length of a new file: " + bytes + ", at least 1 needed");
    }
    return bytes;
  }

  /**
   * Leaves the blocks of a new file unallocated. A store into a hole of a full file system then
   * throws {@link PmemMediaException}.
   *
   * @throws IllegalArgumentException on an existing file
   */
  public MapSpec sparse() {
    if (!creates()) {
      throw new IllegalArgumentException("sparse is for new files");
    }
    return new MapSpec(
        newLength, opens, exclusive, true, readOnly, offset, length, coarsest, backend);
  }

  /**
   * Maps for loads only: the file needs read permission only, and stores throw. The region has the
   * granularity of its medium.
   *
   * @throws IllegalArgumentException on a new file, or an exclusive one
   */
  public MapSpec readOnly() {
    if (creates()) {
      throw new IllegalArgumentException("a new file that cannot be written is of no use");
    }
    if (exclusive) {
      throw new IllegalArgumentException("readers are not locked out, nor do they lock");
    }
    return new MapSpec(newLength, opens, false, sparse, true, offset, length, coarsest, backend);
  }

  /**
   * Makes the region the only writable one of its file, in this JVM and among processes. Mapping
   * throws {@link FileLockedException} while another writable region exists. As long as this one
   * lives, other writable ones are refused in the same way. A kill releases the lock.
   *
   * <p>The lock is flock(2). Every writable region of this library takes it, shared unless it is
   * exclusive. It does not stop readers or programs that do not take it. On network file systems it
   * is as good as their flock.
   *
   * @throws IllegalArgumentException on a read-only mapping
   */
  public MapSpec exclusive() {
    if (readOnly) {
      throw new IllegalArgumentException("a reader cannot be the only writer");
    }
    return new MapSpec(newLength, opens, true, sparse, false, offset, length, coarsest, backend);
  }

  /**
   * Maps only this part of the file. Mapping fails if it does not lie inside the file.
   *
   * @param offset bytes from the start of the file, a multiple of {@link #SLICE_ALIGNMENT}
   * @param length bytes, at least 1
   */
  public MapSpec slice(long offset, long length) {
    if (offset < 0 || offset % SLICE_ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "slice offset " + offset + " is not a multiple of " + SLICE_ALIGNMENT);
    }
    if (length < 1 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("slice length " + length + " at offset " + offset);
    }
    return new MapSpec(
        newLength, opens, exclusive, sparse, readOnly, offset, length, coarsest, backend);
  }

  /**
   * Refuses to map a medium whose granularity is coarser than this ({@link Granularity#PAGE}, the
   * default, accepts every medium).
   */
  public MapSpec require(Granularity coarsest) {
    return new MapSpec(
        newLength,
        opens,
        exclusive,
        sparse,
        readOnly,
        offset,
        length,
        Objects.requireNonNull(coarsest),
        backend);
  }

  /** Uses this backend, or fails to map; the default is {@link Pmem#preferredBackend}. */
  public MapSpec backend(Backend backend) {
    return new MapSpec(
        newLength,
        opens,
        exclusive,
        sparse,
        readOnly,
        offset,
        length,
        coarsest,
        Optional.of(backend));
  }

  /** Returns true if a file that exists is opened. */
  boolean opens() {
    return opens;
  }

  boolean isExclusive() {
    return exclusive;
  }

  boolean creates() {
    return newLength != NOT_CREATED;
  }

  long newLength() {
    return newLength;
  }

  boolean isSparse() {
    return sparse;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  long offset() {
    return offset;
  }

  boolean isSlice() {
    return length != TO_THE_END;
  }

  Optional<Backend> backend() {
    return backend;
  }

  /** Returns the length to map in a file of this length, or -1 if the slice is not inside. */
  long lengthWithin(long fileLength) {
    if (length == TO_THE_END) {
      return fileLength;
    }
    return offset <= fileLength && length <= fileLength - offset ? length : -1;
  }

  boolean accepts(Granularity medium) {
    return medium.compareTo(coarsest) <= 0;
  }

  Granularity coarsest() {
    return coarsest;
  }

  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(
            !creates() ? "existing()" : (opens ? "openOrCreate(" : "createNew(") + newLength + ")");
    if (exclusive) {
      text.append(".exclusive()");
    }
    if (sparse) {
      text.append(".sparse()");
    }
    if (readOnly) {
      text.append(".readOnly()");
    }
    if (length != TO_THE_END) {
      text.append(".slice(").append(offset).append(", ").append(length).append(')');
    }
    if (coarsest != Granularity.PAGE) {
      text.append(".require(").append(coarsest).append(')');
    }
    backend.ifPresent(b -> text.append(".backend(").append(b).append(')'));
    return text.toString();
  }
}
