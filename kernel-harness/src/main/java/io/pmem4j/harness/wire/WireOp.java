// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

/** The operations of the agent, as {@code wire.h} numbers them. */
public enum WireOp {
  /** Protocol version, and {@code key=value} lines about the guest. */
  HELLO(1, 0),
  /** Wanted pid (0 any), trace (0 or 1): forks the executor and answers its pid. */
  BEGIN(2, 2),
  /** Ends the executor; its files and mappings are gone when the answer arrives. */
  END(3, 0),
  /** Flags; source, target, type, options. */
  MOUNT(4, 1),
  /** Unmounts: flags; target. */
  UMOUNT(5, 1),
  /** Answers, then switches the machine off without sync. */
  POWEROFF(6, 0),
  /** Time-out in milliseconds; argv: the exit status, and the output as data. */
  EXEC(7, 1),
  /** Most bytes; path: bytes read, and the content as data. */
  READ_FILE(8, 1),
  /** Path NUL content. */
  WRITE_FILE(9, 0),
  /** Flushes the buffers of a device. */
  FLUSH_BUFFERS(10, 0),
  /** Nothing but an answer. */
  PING(11, 0),
  /** Writes back all dirty data: sync(2). */
  SYNC(12, 0),
  /**
   * Encoded requests: how many were run, and their encoded responses as data; see {@link Batch}.
   */
  BATCH(13, 0),
  /** Reads the kernel log: records, and the lines logged since the last time as data. */
  KERNEL_LOG(14, 0),
  /** Slot, flags, mode; path. */
  OPEN(20, 3),
  /** Closes a slot. */
  CLOSE(21, 1),
  /** Slot, offset; bytes. */
  PWRITE(22, 2),
  /** Slot, offset, length. */
  PREAD(23, 3),
  /** Truncates: slot, size. */
  FTRUNCATE(24, 2),
  /** Syncs the file of a slot. */
  FSYNC(25, 1),
  /** Slot: a stat record as data. */
  FSTAT(26, 1),
  /** Slot: the number of extents, their records as data. */
  FIEMAP(27, 1),
  /** Mapping slot, file slot, offset, length, prot, flags, alignment (0 for any): the address. */
  MMAP(28, 7),
  /** Unmaps a mapping slot. */
  MUNMAP(29, 1),
  /** Mapping slot, offset, length. */
  LOAD(30, 3),
  /** Mapping slot, offset; bytes. */
  STORE(31, 2),
  /** Mapping slot, offset, length, flags. */
  MSYNC(32, 4),
  /** Mapping slot, offset: the raw 64-bit entry. */
  PAGEMAP(33, 2),
  /** Makes a directory: mode; path. */
  MKDIR(50, 1),
  /** Removes a directory: path. */
  RMDIR(51, 0),
  /** Path, new path. */
  LINK(52, 0),
  /** Makes a symbolic link: target, path. */
  SYMLINK(53, 0),
  /** Path: where it leads to, as data. */
  READLINK(54, 0),
  /** Flags; old path, new path. */
  RENAME(55, 1),
  /** Unlinks a path. */
  UNLINK(56, 0),
  /** Changes the mode: mode; path. */
  CHMOD(57, 1),
  /** User, group; path. */
  CHOWN(58, 2),
  /** Seconds of access and modification; path. */
  UTIMENS(59, 2),
  /** Path: a stat record and attributes as data. */
  STATX(60, 0),
  /** Checks access: mode; path. */
  ACCESS(61, 1),
  /** Path: the number of entries, their records as data. */
  LIST(62, 0),
  /** Flags; path, name, value. */
  SETXATTR(63, 1),
  /** Path, name: the value as data. */
  GETXATTR(64, 0),
  /** Path: names that end with NUL as data. */
  LISTXATTR(65, 0),
  /** Removes an attribute: path, name. */
  REMOVEXATTR(66, 0),
  /** Path: the flags. */
  GETFLAGS(67, 0),
  /** Sets the inode flags: flags; path. */
  SETFLAGS(68, 1),
  /** Slot, offset, bytes of a vector; bytes. */
  PWRITEV(69, 3),
  /** Slot, offset, length, bytes of a vector. */
  PREADV(70, 4),
  /** Slot, offset, mapping slot, offset in it, length. */
  PWRITE_MAPPED(71, 5),
  /** Slot, offset, mapping slot, offset in it, length. */
  PREAD_MAPPED(72, 5),
  /** Slot, offset, length, flags. */
  SYNC_FILE_RANGE(73, 4),
  /** Slot, mode, offset, length. */
  FALLOCATE(74, 4),
  /** Slot, offset, whence. */
  LSEEK(75, 3),
  /** Syncs the data of a slot. */
  FDATASYNC(76, 1),
  /** Syncs the file system of a slot. */
  SYNCFS(77, 1),
  /** Locks: slot, operation. */
  FLOCK(78, 2),
  /** Mapping slot, offset, length, advice. */
  MADVISE(79, 4),
  /** Mapping slot, new length, flags: the address. */
  MREMAP(80, 3),
  /** Mapping slot, offset, length, prot. */
  MPROTECT(81, 4),
  /** Mapping slot, offset, length: a byte a page as data. */
  MINCORE(82, 3),
  /** Mapping slot, offset, length: the bytes, read through pinned pages. */
  VM_READ(100, 3),
  /** Mapping slot, offset; the bytes, stored through pinned pages. */
  VM_WRITE(101, 2),
  /** Mapping slot: its lines as data. */
  SMAPS(83, 1),
  /** Calls code: mapping slot, offset; the result is the returned value. */
  CALL(84, 2),
  /** Path: a record as data. */
  STATFS(85, 0),
  /** Freezes the file system at a path. */
  FREEZE(86, 0),
  /** Thaws the file system at a path. */
  THAW(87, 0),
  /** User, group; 0, 0 leads back. */
  BECOME(88, 2),
  /** A counter's name: its value. */
  VMSTAT(89, 0),
  /** Fills the file system: appends to a slot's file until no block is left. */
  FILL(90, 1),
  /** Flags; path, options. */
  REMOUNT(91, 1),
  /** Closes and unmaps all there is, as END does, and the executor stays. */
  RELEASE(92, 0),
  /** Slot, offset, length: the number of blocks that are unreadable from now on. */
  POISON(93, 3),
  /** Task, wanted pid (0 any): forks a task from the executor and answers its pid. */
  TASK_START(40, 2),
  /**
   * Starts an operation of a task: task; an encoded request. Answered when the task has received
   * it.
   */
  TASK_OP(41, 1),
  /** Task, time-out in milliseconds: 0 and the encoded response as data, 1 while it runs. */
  TASK_WAIT(42, 2),
  /** Task: its pid, {@code key=value} lines about where it is. */
  TASK_STATE(43, 1),
  /** Task: killed if it runs; gone when the answer arrives. */
  TASK_END(44, 1),
  /** {@code arm POINT TASK HIT}, {@code go POINT TASK} or {@code clear}. */
  RENDEZVOUS(45, 0),
  /** Task, time-out in milliseconds; point: 0 it waits there, 1 timed out, 2 it ended before. */
  RENDEZVOUS_WAIT(46, 2);

  private final int code;
  private final int argumentCount;

  WireOp(int code, int argumentCount) {
    this.code = code;
    this.argumentCount = argumentCount;
  }

  /** The number on the wire. */
  public int code() {
    return code;
  }

  /** Returns the number of arguments that the agent takes; any other number is status 2. */
  public int argumentCount() {
    return argumentCount;
  }
}
