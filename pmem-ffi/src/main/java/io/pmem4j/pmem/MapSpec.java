// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.Objects;
import java.util.Optional;

/**
 * What to map and how. Immutable; each method answers a changed copy.
 *
 * {@snippet :
 * MapSpec.existing().slice(2 << 20, 62 << 20)
 * MapSpec.createNew(1 << 20).sparse().require(Granularity.CACHE_LINE)
 * }
 *
 * <p>There is deliberately no "open or create": what libpmem's create flag does to a file that
 * exists, change its length, loses data.
 */
public final class MapSpec {
  /** Offsets of slices of a file are multiples of this many bytes. */
  public static final long SLICE_ALIGNMENT = 4096;

  private static final long TO_THE_END = -1;

  private final long newLength;
  private final boolean sparse;
  private final boolean readOnly;
  private final long offset;
  private final long length;
  private final Granularity coarsest;
  private final Optional<Backend> backend;

  private MapSpec(
      long newLength,
      boolean sparse,
      boolean readOnly,
      long offset,
      long length,
      Granularity coarsest,
      Optional<Backend> backend) {
    this.newLength = newLength;
    this.sparse = sparse;
    this.readOnly = readOnly;
    this.offset = offset;
    this.length = length;
    this.coarsest = coarsest;
    this.backend = backend;
  }

  /** A file or DAX device that exists, whole and unchanged in length; it is never created. */
  public static MapSpec existing() {
    return new MapSpec(0, false, false, 0, TO_THE_END, Granularity.PAGE, Optional.empty());
  }

  /**
   * A new file of {@code bytes} zeros, its blocks allocated. Mapping fails if the path exists, and
   * when mapping fails for any reason no file is left behind.
   *
   * @param bytes at least 1
   */
  public static MapSpec createNew(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("length of a new file: " + bytes + ", at least 1 needed");
    }
    return new MapSpec(bytes, false, false, 0, TO_THE_END, Granularity.PAGE, Optional.empty());
  }

  /**
   * Does not allocate the blocks of a new file. A store into a hole of a full file system then is
   * an {@link InternalError}.
   *
   * @throws IllegalArgumentException on an existing file
   */
  public MapSpec sparse() {
    if (!creates()) {
      throw new IllegalArgumentException("sparse is for new files");
    }
    return new MapSpec(newLength, true, readOnly, offset, length, coarsest, backend);
  }

  /**
   * Maps for loads only: the file needs only be readable, and stores throw. JDK backend.
   *
   * @throws IllegalArgumentException on a new file
   */
  public MapSpec readOnly() {
    if (creates()) {
      throw new IllegalArgumentException("a new file that cannot be written is of no use");
    }
    return new MapSpec(newLength, sparse, true, offset, length, coarsest, backend);
  }

  /**
   * Only this part of the file, in bytes. That it lies inside is checked when it is mapped.
   *
   * @param offset from the start of the file, a multiple of {@link #SLICE_ALIGNMENT}
   * @param length at least 1
   */
  public MapSpec slice(long offset, long length) {
    if (offset < 0 || offset % SLICE_ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "slice offset " + offset + " is not a multiple of " + SLICE_ALIGNMENT);
    }
    if (length < 1 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("slice length " + length + " at offset " + offset);
    }
    return new MapSpec(newLength, sparse, readOnly, offset, length, coarsest, backend);
  }

  /**
   * Refuses to map a medium whose granularity is coarser than this ({@link Granularity#PAGE}, the
   * default, accepts every medium).
   */
  public MapSpec require(Granularity coarsest) {
    return new MapSpec(
        newLength, sparse, readOnly, offset, length, Objects.requireNonNull(coarsest), backend);
  }

  /** Uses this backend or fails; the default is {@link Pmem#preferredBackend}. */
  public MapSpec backend(Backend backend) {
    return new MapSpec(newLength, sparse, readOnly, offset, length, coarsest, Optional.of(backend));
  }

  boolean creates() {
    return newLength > 0;
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

  Optional<Backend> backend() {
    return backend;
  }

  /** The length to map of a file of {@code fileLength} bytes, or -1 if the slice is not inside. */
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
        new StringBuilder(creates() ? "createNew(" + newLength + ")" : "existing()");
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
