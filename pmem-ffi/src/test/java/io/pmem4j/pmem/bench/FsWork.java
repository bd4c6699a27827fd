// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.pmem.bench.Trial.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/** Work on a mounted file system, in a folder of its own there. Each call is one operation. */
final class FsWork {
  private static final int PAGE = 4096;
  private static final int PAGES = 2048;
  private static final int FILES = 1000;
  private static final int AT_FDCWD = -100;
  private static final int AT_STATX_FORCE_SYNC = 0x2000;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_BYTES = 256;

  private static final MethodHandle STATX =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("statx"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS));

  private final Path folder;

  /** Work below a mount point. */
  FsWork(Path mount) throws IOException {
    this.folder = Files.createDirectory(mount.resolve("bench"));
  }

  /** The attributes of a file, from the file system and not from what the kernel knows of it. */
  Contender stat() throws IOException {
    Path files = Files.createDirectory(folder.resolve("stat"));
    MemorySegment[] names = new MemorySegment[FILES];
    for (int i = 0; i < FILES; i++) {
      Path file = Files.createFile(files.resolve("file" + i));
      names[i] = Arena.global().allocateFrom(file.toString());
    }
    MemorySegment buffer = Arena.global().allocate(STATX_BYTES, 8);
    SplittableRandom random = new SplittableRandom(1);
    return (shape, lane, calls) -> {
      for (int i = 0; i < calls; i++) {
        statx(names[random.nextInt(FILES)], buffer);
      }
    };
  }

  private static void statx(MemorySegment name, MemorySegment buffer) {
    try {
      int result =
          (int) STATX.invokeExact(AT_FDCWD, name, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, buffer);
      if (result != 0) {
        throw new IllegalStateException("statx failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new name with a new inode, which is removed again: a batch leaves the folder as it was. */
  Contender createAndRemove() throws IOException {
    Path files = Files.createDirectory(folder.resolve("create"));
    return (shape, lane, calls) -> {
      try {
        for (int i = 0; i < calls; i++) {
          Path file = files.resolve("file" + i);
          Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
              .close();
          Files.delete(file);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  /** A page at random of a file that has blocks everywhere, not from the page cache. */
  Contender read() throws IOException {
    FileChannel file = file("read", direct(), StandardOpenOption.READ);
    ByteBuffer page = page();
    SplittableRandom random = new SplittableRandom(2);
    return io(() -> file.read(page.clear(), (long) PAGE * random.nextInt(PAGES)));
  }

  /** The same for writing, with or without O_DIRECT. */
  Contender write(boolean direct) throws IOException {
    FileChannel file =
        direct
            ? file("direct", direct(), StandardOpenOption.WRITE)
            : file("write", StandardOpenOption.READ, StandardOpenOption.WRITE);
    ByteBuffer page = page();
    SplittableRandom random = new SplittableRandom(3);
    return io(() -> file.write(page.clear(), (long) PAGE * random.nextInt(PAGES)));
  }

  private interface Operation {
    int run() throws IOException;
  }

  private static Contender io(Operation operation) {
    return (Shape shape, int lane, int calls) -> {
      try {
        for (int i = 0; i < calls; i++) {
          if (operation.run() != PAGE) {
            throw new IllegalStateException("a part of a page");
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private FileChannel file(String name, OpenOption... options) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, new byte[PAGES * PAGE]);
    return FileChannel.open(file, options);
  }

  /** O_DIRECT, of a module that pmem-ffi does not read. */
  private static OpenOption direct() {
    try {
      Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      return (OpenOption) options.getField("DIRECT").get(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ByteBuffer page() {
    return ByteBuffer.allocateDirect(2 * PAGE).alignedSlice(PAGE).limit(PAGE).slice();
  }
}
