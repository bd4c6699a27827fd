// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

/**
 * The flags of open(2), Linux values for x86-64.
 *
 * @param bits as given to open
 */
public record OpenFlags(int bits) {
  private static final int ACCESS_MODE = 3;
  private static final int WRITE_ONLY = 1;
  private static final int READ_WRITE = 2;
  private static final int CREATE = 0100;
  private static final int EXCLUSIVE = 0200;
  private static final int TRUNCATE = 01000;
  private static final int APPEND = 02000;
  private static final int DSYNC = 010000;
  private static final int DIRECT = 040000;
  private static final int DIRECTORY = 0200000;
  private static final int NO_ATIME = 01000000;
  private static final int NO_FOLLOW = 0400000;
  private static final int TEMPORARY = 020000000;

  /** {@code __O_SYNC}, which {@code build_open_flags} lets imply O_DSYNC. */
  private static final int SYNC = 04000000;

  /** O_RDONLY or O_RDWR. */
  public boolean read() {
    return (bits & ACCESS_MODE) == 0 || (bits & ACCESS_MODE) == READ_WRITE;
  }

  /** O_WRONLY or O_RDWR. */
  public boolean write() {
    return (bits & ACCESS_MODE) == WRITE_ONLY || (bits & ACCESS_MODE) == READ_WRITE;
  }

  /** MAY_WRITE of {@code acc_mode}: the access mode 3 and O_TRUNC need it too. */
  public boolean wantsWrite() {
    return asksForWrite() || truncate();
  }

  /** {@code acc_mode}: 4 to read and 2 to write; the access mode 3 asks for both. */
  public int permissions() {
    int asked = new int[] {4, 2, 6, 6}[bits & ACCESS_MODE];
    return truncate() ? asked | 2 : asked;
  }

  /** Returns true if the access mode is another than O_RDONLY. */
  public boolean asksForWrite() {
    return (bits & ACCESS_MODE) != 0;
  }

  /** Returns true for O_CREAT. */
  public boolean create() {
    return (bits & CREATE) != 0;
  }

  /** Returns true for O_EXCL. */
  public boolean exclusive() {
    return (bits & EXCLUSIVE) != 0;
  }

  /** Returns true for O_DIRECT. */
  public boolean direct() {
    return (bits & DIRECT) != 0;
  }

  /** Returns true for O_DIRECTORY. */
  public boolean directory() {
    return (bits & DIRECTORY) != 0;
  }

  /** Returns true for a file without a name: {@code __O_TMPFILE}. */
  public boolean temporary() {
    return (bits & TEMPORARY) != 0;
  }

  /** {@code build_open_flags} of O_TMPFILE, which contains O_DIRECTORY: written to, no O_CREAT. */
  public boolean isValidTemporary() {
    return directory() && !create() && asksForWrite();
  }

  /** {@code LOOKUP_FOLLOW}: neither O_NOFOLLOW nor O_CREAT with O_EXCL. */
  public boolean follows() {
    return (bits & NO_FOLLOW) == 0 && !(create() && exclusive());
  }

  /** Returns true for O_TRUNC. */
  public boolean truncate() {
    return (bits & TRUNCATE) != 0;
  }

  /** {@code IOCB_DSYNC}: O_DSYNC or O_SYNC. */
  public boolean syncsWrites() {
    return (bits & (DSYNC | SYNC)) != 0;
  }

  /** {@code IOCB_SYNC}: a write makes the times durable too. */
  public boolean syncsTimes() {
    return (bits & SYNC) != 0;
  }

  /** Returns true for O_NOATIME. */
  public boolean keepsAccessTime() {
    return (bits & NO_ATIME) != 0;
  }

  /** Returns true for O_APPEND. */
  public boolean append() {
    return (bits & APPEND) != 0;
  }
}
