// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.generator.GeneratedProcess.OpenName;
import io.pmem4j.harness.program.generator.LikelyInode.Kind;
import java.util.List;

/** Generated operations on files and names. */
final class FileSteps {
  private static final int MOST_OPEN = 4;
  private static final List<String> DIRECTORIES = List.of("/", "/lost+found", "/d");
  private static final long CREAT_RW = 2 | 0100;
  private static final int TMPFILE = 020200000;
  private static final int CREAT = 0100;

  private final GeneratedValues values;
  private final GeneratedSteps steps;
  private final LikelyPaths paths;

  FileSteps(GeneratedValues values, GeneratedSteps steps, LikelyPaths paths) {
    this.values = values;
    this.steps = steps;
    this.paths = paths;
  }

  /** Opens a file that exists or is created now, as the first step of a program. */
  void openFirst() {
    open("/a", (int) CREAT_RW, 0644);
  }

  void open() {
    if (steps.actor().open().size() >= MOST_OPEN) {
      return;
    }
    if (values.oneIn(12)) {
      open(directory(), values.oneIn(2) ? 0 : 0200000, 0644);
    } else if (values.oneIn(8)) {
      openUnnamed();
    } else {
      int flags = values.openFlags();
      open(path((flags & CREAT) != 0), flags, values.mode());
    }
  }

  private String path(boolean creates) {
    return switch (values.below(8)) {
      case 0, 1 -> values.path();
      case 2, 3 -> creates ? paths.free() : paths.of(LikelyInode::isSymlink);
      case 4 -> paths.of(LikelyInode::isSymlink);
      default -> paths.of(Kind.FILE);
    };
  }

  private String directory() {
    return values.oneIn(3) ? values.of(DIRECTORIES) : paths.of(Kind.DIRECTORY);
  }

  /** Opens a path to read and write, and makes a file of it if there is nothing. */
  void openOrMake(String path) {
    closeIfMany();
    open(path, (int) CREAT_RW, 0644);
  }

  private void closeIfMany() {
    if (steps.actor().open().size() >= MOST_OPEN) {
      close();
    }
  }

  /** Opens a directory to read. */
  void openDirectory(String path) {
    closeIfMany();
    open(path, 0200000, 0644);
  }

  /** Mostly in a directory and to be written to, as the flag asks. */
  private void openUnnamed() {
    int flags = TMPFILE | (values.oneIn(8) ? values.below(4) : 2);
    for (int flag : new int[] {0100, 0200, 01000, 02000, 04010000}) {
      if (values.oneIn(10)) {
        flags |= flag;
      }
    }
    String path = values.oneIn(6) ? values.path() : directory();
    open(path, flags, values.mode());
  }

  /** Closes the name at once if it was likely not opened: EBADF is worth little, and not always. */
  private void open(String path, int flags, int mode) {
    String name = steps.newName("f");
    LikelyInode inode = steps.tree().open(path, flags).orElse(null);
    steps.call(Syscall.OPEN, name, path, flags, mode);
    if (inode != null || values.oneIn(3)) {
      steps.actor().open().add(new OpenName(name, inode, flags));
    } else {
      steps.call(Syscall.CLOSE, name);
    }
  }

  /**
   * Closes a file; each process keeps one open, because a name that one process closes is gone for
   * all.
   */
  void close() {
    OpenName file = values.of(steps.actor().open());
    if (steps.everybodyHasAnother(file)) {
      steps.call(Syscall.CLOSE, file.name());
      steps.closed(file);
    }
  }

  void truncate() {
    long size = values.size();
    steps.growsTo(size);
    steps.call(Syscall.FTRUNCATE, file(), size);
  }

  void write() {
    long offset = grown(values.size());
    Bytes data = values.data(values.length());
    if (values.oneIn(3)) {
      OpenName file = openFile();
      steps.call(Syscall.PWRITEV, file.name(), offset, piece(file, data.times()), data);
    } else {
      steps.call(Syscall.PWRITE, file(), offset, data);
    }
  }

  void read() {
    long offset = values.size();
    int length = values.oneIn(20) ? 0 : values.length();
    if (values.oneIn(3)) {
      OpenName file = openFile();
      steps.call(Syscall.PREADV, file.name(), offset, length, piece(file, length));
    } else {
      steps.call(Syscall.PREAD, file(), offset, length);
    }
  }

  /** Rarely so small that there are more pieces than IOV_MAX; one piece with O_DIRECT. */
  private long piece(OpenName file, int length) {
    if (file.isDirect()) {
      return Math.max(1, length);
    }
    return values.oneIn(10) ? 1 : Math.max(1, length / (1 + values.below(4)));
  }

  private long grown(long offset) {
    steps.growsTo(offset);
    return offset;
  }

  void stat() {
    if (values.oneIn(2) || steps.mayBeSparse()) {
      steps.call(Syscall.FSTAT, file());
    } else {
      steps.call(Syscall.FIEMAP, file());
    }
  }

  void sync() {
    switch (values.below(6)) {
      case 0 -> steps.call(Syscall.SYNC);
      case 1 -> steps.call(Syscall.SYNCFS, file());
      case 2 -> steps.call(Syscall.FDATASYNC, file());
      case 3 -> syncRange();
      default -> steps.call(Syscall.FSYNC, file());
    }
  }

  private void syncRange() {
    steps.call(
        Syscall.SYNC_FILE_RANGE,
        file(),
        values.size(),
        values.oneIn(4) ? values.limit() : values.below(5 * GeneratedValues.PAGE),
        1 + values.below(7));
  }

  void allocate() {
    long mode = values.oneIn(3) ? 0 : values.of(1, 2, 3, 8, 16, 17, 32, 64, 65, 80, 81, 256, -1);
    steps.call(
        Syscall.FALLOCATE,
        file(),
        mode,
        values.size(),
        values.oneIn(6) ? values.limit() : 1 + values.below(20000));
  }

  void seek() {
    steps.call(
        Syscall.LSEEK, file(), values.oneIn(4) ? -values.size() : values.size(), values.below(5));
  }

  /** Without nonblock it would wait for its own process's other file, for ever. */
  void lock() {
    steps.call(
        Syscall.FLOCK, file(), values.of(4 | 1, 4 | 2, 4 | 1, 4 | 2, 8, 4 | 8, 4, 4 | 1 | 2));
  }

  void unlink() {
    LikelyInode open = values.of(steps.actor().open()).inode();
    steps.call(
        Syscall.UNLINK,
        values.oneIn(3)
            ? values.path()
            : paths.of(inode -> values.oneIn(2) ? inode == open : inode.kind() == Kind.FILE));
  }

  void fill() {
    steps.call(Syscall.FILL, file());
  }

  String file() {
    return openFile().name();
  }

  private OpenName openFile() {
    return values.of(steps.actor().open());
  }
}
