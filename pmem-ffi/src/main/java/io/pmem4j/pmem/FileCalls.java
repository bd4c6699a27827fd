// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The calls on an open file of which {@link PmemFile} is made: the kernel's, or a provider's. None
 * makes anything durable but the two syncs; their order is {@code PmemFile}'s alone.
 */
interface FileCalls {
  long length() throws IOException;

  /** Makes a file of {@code from} bytes longer; after an exception it may be longer. */
  void allocate(Path path, long from, long to) throws IOException;

  void setLength(Path path, long length) throws IOException;

  /** Takes the pages past this offset out of all regions, for good. */
  void revokeFrom(long offset) throws IOException;

  /** Makes content and length durable. */
  void sync() throws IOException;

  /** Makes the names in a folder durable. */
  void syncFolder(Path folder) throws IOException;

  /**
   * Returns the path of the name, after all symbolic links.
   *
   * @throws java.nio.file.FileSystemException if the path leads to another file
   */
  Path resolve(Path path) throws IOException;

  /** Returns the folder that holds the name of a file, after all symbolic links. */
  Path folder(Path path) throws IOException;

  boolean isSameFolder(Path one, Path other) throws IOException;

  /** Renames a file; fails if the new name exists. */
  void move(Path from, Path to) throws IOException;

  /** Maps a part; the offset is a multiple of 8. */
  PmemRegion map(Path path, long offset, long length, Arena arena) throws IOException;

  /** Reads as {@link java.nio.channels.FileChannel#read(ByteBuffer, long)}. */
  int read(ByteBuffer target, long offset) throws IOException;

  /** Writes all of the buffer. */
  void write(ByteBuffer source, long offset) throws IOException;

  /** Excludes other processes until {@link #shareLock}; returns false if one has the file. */
  boolean lockAlone() throws IOException;

  void shareLock() throws IOException;

  /** Throws if the file has failed, as {@link FirstFailure#check}. */
  void check(String operation, Path path, long offset, long length);

  /** Fails the file for good, as {@link FirstFailure#fail}. */
  PmemException fail(PmemException reason);

  /** Ends this use of the file. */
  void release();
}
