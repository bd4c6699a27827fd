// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file that all contenders map, each in its own way: the same lines of memory under all of
 * them.
 */
final class BenchFile {
  static final long BYTES = 4 * Trial.Shape.LANE;
  static final VarHandle LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /** Never closed: the JVM ends with the measurement. */
  static final Arena SHARED = Arena.ofShared();

  static final Arena CONFINED = Arena.ofConfined();

  final Path file;
  final MemorySegment memory;
  final long address;

  BenchFile(Path folder) throws IOException {
    file = folder.resolve("bench");
    Files.write(file, new byte[(int) BYTES]);
    memory = map(Arena.global());
    address = memory.address();
  }

  /** As the JDK maps an ordinary file. */
  MemorySegment map(Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
    }
  }

  /**
   * As the JDK maps persistent memory, with MAP_SYNC: no kernel grants that here, so a buffer is
   * told that it was, and its {@code force} writes cache lines back. For measuring only.
   */
  MappedByteBuffer mapAsIfSync() throws Exception {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES);
      Field isSync = MappedByteBuffer.class.getDeclaredField("isSync");
      isSync.setAccessible(true);
      isSync.setBoolean(buffer, true);
      return buffer;
    }
  }
}
