// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.nio.charset.StandardCharsets;

/** An entry of a directory as getdents(2) reports it. Immutable. */
public final class DirectoryEntry {
  private final byte[] name;
  private final int ino;
  private final int type;
  private final long next;

  /**
   * Makes an entry.
   *
   * @param name its bytes, which may be no UTF-8
   * @param ino inode number
   * @param type {@code d_type}: 0 unknown, 1 fifo, 2 character device, 4 directory, 6 block device,
   *     8 regular, 10 symbolic link, 12 socket
   * @param next {@code d_off}: the position of the entry after this one
   */
  public DirectoryEntry(byte[] name, int ino, int type, long next) {
    this.name = name.clone();
    this.ino = ino;
    this.type = type;
    this.next = next;
  }

  /** Returns a copy of the bytes of the name. */
  public byte[] nameBytes() {
    return name.clone();
  }

  /** Returns the name, read as UTF-8. */
  public String name() {
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Returns the inode number. */
  public int ino() {
    return ino;
  }

  /** Returns {@code d_type}, 0 where the file system does not keep types. */
  public int type() {
    return type;
  }

  /** Returns the position from which reading goes on. */
  public long next() {
    return next;
  }

  @Override
  public String toString() {
    return name() + "@" + Integer.toUnsignedString(ino);
  }
}
