// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * An open file description and the calls of libc on it: open(2), statx(2), fstatfs(2), flock(2),
 * fallocate(2), linkat(2), lseek(2), sync_file_range(2), syncfs(2). Values are those of Linux on
 * x86-64 and AArch64. Child processes do not inherit the descriptor.
 *
 * <p>Calls that may wait for a disk go through the JDK ({@link #reopenable}), which compensates for
 * the blocked carrier of a virtual thread.
 */
final class NativeFile implements Closeable {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_NONBLOCK = 04000;
  static final int O_TMPFILE =
      020000000 | (System.getProperty("os.arch").equals("aarch64") ? 040000 : 0200000);
  private static final int O_CLOEXEC = 02000000;

  private static final int NEW_FILE_MODE = 0666; // and the umask takes away from it

  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int RENAME_NOREPLACE = 1;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_BYTES = 256;
  private static final long STATX_ATTR_DAX = 0x20_0000;
  private static final int STATFS_BYTES = 256;
  private static final int SEEK_END = 2;
  private static final int SEEK_HOLE = 4;
  private static final int SYNC_FILE_RANGE_WAIT_BEFORE = 1;
  private static final int BLOCK_BYTES = 512;

  /** The shared lock of flock(2). */
  static final int LOCK_SH = 1;

  /** The exclusive lock of flock(2). */
  static final int LOCK_EX = 2;

  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final MethodHandle OPEN = NativeCalls.reporting("open");
  private static final MethodHandle STATX = NativeCalls.reporting("statx");
  private static final MethodHandle FSTATFS = NativeCalls.reporting("fstatfs");
  private static final MethodHandle FLOCK = NativeCalls.reporting("flock");
  private static final MethodHandle FALLOCATE = NativeCalls.reporting("fallocate");
  private static final MethodHandle LINKAT = NativeCalls.reporting("linkat");
  private static final MethodHandle LSEEK = NativeCalls.reporting("lseek");
  private static final MethodHandle SYNC_FILE_RANGE = NativeCalls.reporting("sync_file_range");
  private static final MethodHandle SYNCFS = NativeCalls.reporting("syncfs");

  /** The handle of renameat2(2), which older C libraries do not have. */
  private static final class Renaming {
    static final MethodHandle RENAMEAT2 = NativeCalls.reporting("renameat2");

    private Renaming() {}
  }

  /** The identity of a file, which its names share. */
  record Identity(int deviceMajor, int deviceMinor, long inode) {}

  /** The status of a file by statx(2). Blocks have 512 bytes. */
  record Status(Identity identity, long links, long blocks, PmemDescription.Dax dax) {}

  final Path path;
  final int descriptor;

  private NativeFile(Path path, int descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * Returns the name in the bytes of the file system. In a locale that cannot represent all bytes
   * the text of a path is another name; its URI is not.
   */
  static byte[] bytes(Path path) {
    byte[] uri = path.toAbsolutePath().toUri().getRawPath().getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream name = new ByteArrayOutputStream(uri.length);
    for (int i = 0; i < uri.length; i++) {
      if (uri[i] == '%') {
        name.write(Character.digit(uri[i + 1], 16) << 4 | Character.digit(uri[i + 2], 16));
        i += 2;
      } else {
        name.write(uri[i]);
      }
    }
    return name.toByteArray();
  }

  /** Returns the bytes of the name with a terminating zero. */
  static MemorySegment name(Arena arena, Path path) {
    byte[] bytes = bytes(path);
    MemorySegment name = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, name, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return name;
  }

  static NativeFile open(Path path, int flags) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int descriptor =
          (int)
              NativeCalls.call(
                  OPEN,
                  state,
                  name(arena, path).address(),
                  flags | O_CLOEXEC,
                  NEW_FILE_MODE,
                  0,
                  0,
                  0);
      if (descriptor < 0) {
        throw NativeCalls.refusal(path, "open", NativeCalls.errno(state), 0);
      }
      return new NativeFile(path, descriptor);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /**
   * Returns a path that opens the same file again, even if it has another name by now or none. It
   * is plain ASCII.
   */
  Path reopenable() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  Status status() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      MemorySegment found = arena.allocate(STATX_BYTES, Long.BYTES);
      int result =
          (int)
              NativeCalls.call(
                  STATX,
                  state,
                  descriptor,
                  arena.allocateFrom("").address(),
                  AT_EMPTY_PATH,
                  STATX_BASIC_STATS,
                  found.address(),
                  0);
      check("statx", result, state);
      return new Status(
          new Identity(found.get(INT, 136), found.get(INT, 140), found.get(LONG, 32)),
          Integer.toUnsignedLong(found.get(INT, 16)),
          found.get(LONG, 48),
          dax(found.get(LONG, 8), found.get(LONG, 56)));
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** The first kernels with the attribute do not name it in the mask of those they know. */
  private static PmemDescription.Dax dax(long attributes, long known) {
    if ((attributes & STATX_ATTR_DAX) != 0) {
      return PmemDescription.Dax.YES;
    }
    return (known & STATX_ATTR_DAX) != 0 ? PmemDescription.Dax.NO : PmemDescription.Dax.UNKNOWN;
  }

  /** Returns the type of the file system: f_type of fstatfs(2). */
  long fileSystemType() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return fileSystem(arena).get(LONG, 0);
    }
  }

  /** Returns false if the file system has less room; one without a limit reports 0 blocks. */
  boolean hasRoom(long bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = fileSystem(arena);
      long blockBytes = found.get(LONG, 8);
      return found.get(LONG, 16) == 0 || found.get(LONG, 32) >= bytes / blockBytes;
    }
  }

  private MemorySegment fileSystem(Arena arena) throws IOException {
    try {
      MemorySegment state = NativeCalls.state(arena);
      MemorySegment found = arena.allocate(STATFS_BYTES, Long.BYTES);
      int result = (int) NativeCalls.call(FSTATFS, state, descriptor, found.address(), 0, 0, 0, 0);
      check("fstatfs", result, state);
      return found;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  long length() throws IOException {
    return seek(0, SEEK_END);
  }

  /**
   * Returns false only if each page of the first {@code length} bytes has a block. File systems
   * without SEEK_HOLE report data everywhere, so the number of blocks has to agree.
   */
  boolean mayHaveHoles(long length) throws IOException {
    return status().blocks() < (length + BLOCK_BYTES - 1) / BLOCK_BYTES
        || seek(0, SEEK_HOLE) < length;
  }

  private long seek(long offset, int whence) throws IOException {
    if (!Thread.currentThread().isVirtual()) {
      return seek(offset, whence, NativeCalls.ownState());
    }
    try (Arena arena = Arena.ofConfined()) {
      return seek(offset, whence, NativeCalls.state(arena));
    }
  }

  private long seek(long offset, int whence, MemorySegment state) throws IOException {
    try {
      long result = NativeCalls.call(LSEEK, state, descriptor, offset, whence, 0, 0, 0);
      check("lseek", result, state);
      return result;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** Returns false if another open file description holds a lock that excludes this one. */
  boolean tryLock(int kind) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result = (int) NativeCalls.call(FLOCK, state, descriptor, kind | LOCK_NB, 0, 0, 0, 0);
      if (result != 0 && NativeCalls.errno(state) == NativeCalls.EAGAIN) {
        return false;
      }
      check("flock", result, state);
      return true;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  void unlock() {
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int) NativeCalls.call(FLOCK, NativeCalls.state(arena), descriptor, LOCK_UN, 0, 0, 0, 0);
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  /**
   * Allocates blocks, and makes the file longer if need be; returns false if the file system can
   * allocate only by writes.
   */
  boolean allocate(long offset, long length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result = (int) NativeCalls.call(FALLOCATE, state, descriptor, 0, offset, length, 0, 0);
      int errno = result == 0 ? 0 : NativeCalls.errno(state);
      if (errno == NativeCalls.EOPNOTSUPP || errno == NativeCalls.ENOSYS) {
        return false;
      }
      check("fallocate", result, state);
      return true;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** Links a file made with {@link #O_TMPFILE} under a name; fails if the name exists. */
  void linkAs(Path name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result =
          (int)
              NativeCalls.call(
                  LINKAT,
                  state,
                  AT_FDCWD,
                  arena.allocateFrom(reopenable().toString()).address(),
                  AT_FDCWD,
                  name(arena, name).address(),
                  AT_SYMLINK_FOLLOW,
                  0);
      if (result != 0) {
        throw NativeCalls.refusal(name, "linkat", NativeCalls.errno(state), 0);
      }
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** Renames a file; fails if the new name exists. */
  static void rename(Path from, Path to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result =
          (int)
              NativeCalls.call(
                  Renaming.RENAMEAT2,
                  state,
                  AT_FDCWD,
                  name(arena, from).address(),
                  AT_FDCWD,
                  name(arena, to).address(),
                  RENAME_NOREPLACE,
                  0);
      if (result != 0) {
        throw NativeCalls.refusal(to, "renameat2", NativeCalls.errno(state), 0);
      }
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /**
   * Returns the errno of a write-back error not yet reported to this open file description, or 0.
   * Each error is reported once. Source: sync_file_range(2), mm/filemap.c
   * file_check_and_advance_wb_err.
   */
  int writeBackError(long offset, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result =
          (int)
              NativeCalls.call(
                  SYNC_FILE_RANGE,
                  state,
                  descriptor,
                  offset,
                  length,
                  SYNC_FILE_RANGE_WAIT_BEFORE,
                  0,
                  0);
      return result == 0 ? 0 : NativeCalls.errno(state);
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  /** Calls syncfs(2), for a directory that may be written but not opened. */
  void syncFileSystem() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result = (int) NativeCalls.call(SYNCFS, state, descriptor, 0, 0, 0, 0, 0);
      check("syncfs", result, state);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** Closes the descriptor; close(2) loses no data here. */
  @Override
  public void close() {
    NativePages.close(descriptor);
  }

  private void check(String call, long result, MemorySegment state) throws FileSystemException {
    if (result < 0) {
      throw NativeCalls.refusal(path, call, NativeCalls.errno(state), 0);
    }
  }

  private static IOException rethrown(Throwable thrown) {
    return thrown instanceof IOException failure
        ? failure
        : new IOException(NativeCalls.unexpected(thrown));
  }
}
