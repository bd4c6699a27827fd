// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * The bits of a mode ({@code Stat.mode}, {@code i_mode}), and the type byte of directory entries.
 */
public final class FileMode {
  /** The mask of the type bits, S_IFMT. */
  public static final int TYPE_MASK = 0170000;

  /** The type of a regular file, S_IFREG. */
  public static final int REGULAR = 0100000;

  /** The type of a directory, S_IFDIR. */
  public static final int DIRECTORY = 0040000;

  /** The type of a symbolic link, S_IFLNK. */
  public static final int SYMLINK = 0120000;

  /** The type of a named pipe, S_IFIFO. */
  public static final int FIFO = 0010000;

  /** The type of a character device, S_IFCHR. */
  public static final int CHARACTER = 0020000;

  /** The type of a block device, S_IFBLK. */
  public static final int BLOCK = 0060000;

  /** The type of a socket, S_IFSOCK. */
  public static final int SOCKET = 0140000;

  /** Permission bits with set-id and sticky: S_IALLUGO. */
  public static final int PERMISSIONS = 07777;

  /** The bit S_ISUID. */
  public static final int SET_UID = 04000;

  /** The bit S_ISGID. */
  public static final int SET_GID = 02000;

  /** The bits S_IRWXG. */
  public static final int GROUP_BITS = 0070;

  /** The bit S_IXGRP. */
  public static final int GROUP_EXECUTE = 0010;

  /** The bit S_ISVTX. */
  public static final int STICKY = 01000;

  private FileMode() {}

  /**
   * Returns a mode as {@code file_remove_privs} leaves it. Set-group-id without execution by the
   * group means mandatory locking and stays.
   */
  public static int withoutPrivileges(int mode) {
    int after = mode & ~SET_UID;
    return (after & GROUP_EXECUTE) == 0 ? after : after & ~SET_GID;
  }

  /** Returns true for a program that runs as its owner or its group: {@code is_sxid}. */
  public static boolean isPrivileged(int mode) {
    return withoutPrivileges(mode) != mode;
  }

  /** Returns true for a character or a block device. */
  public static boolean isDevice(int mode) {
    int type = mode & TYPE_MASK;
    return type == CHARACTER || type == BLOCK;
  }

  /** {@code fs_umode_to_ftype}: 1 regular, 2 directory, 3 character, 4 block, 5 fifo, 6, 7. */
  public static int directoryEntryType(int mode) {
    return switch (mode & TYPE_MASK) {
      case REGULAR -> 1;
      case DIRECTORY -> 2;
      case CHARACTER -> 3;
      case BLOCK -> 4;
      case FIFO -> 5;
      case SOCKET -> 6;
      case SYMLINK -> 7;
      default -> 0;
    };
  }

  /** {@code no_open}: a socket, or of a type that there is not; or a device without a driver. */
  public static boolean hasNoOpen(int mode) {
    return switch (mode & TYPE_MASK) {
      case REGULAR, DIRECTORY, SYMLINK, FIFO -> false;
      default -> true;
    };
  }
}
