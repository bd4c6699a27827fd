// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A program of the guest that shows finding R9: vmsplice(2) pins a page of a mapped file in a pipe,
 * the file is truncated, and the block goes to another file. It prints whether the truncation
 * waited for the pipe, and what the pipe gives.
 */
public final class PinnedPage {
  private static final int PAGE = 4096;
  private static final long WAIT_MILLIS = 3000;

  private PinnedPage() {}

  /** Runs on files of a folder with DAX. */
  public static void main(String[] arguments) throws Throwable {
    Path folder = Path.of(arguments[0]);
    Path pinned = folder.resolve("pinned");
    Files.write(pinned, page('A'));
    MethodHandle pipe = call("pipe", ValueLayout.ADDRESS);
    MethodHandle vmsplice =
        call(
            "vmsplice",
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT);
    MethodHandle read =
        call("read", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    try (Arena arena = Arena.ofConfined();
        FileChannel file =
            FileChannel.open(pinned, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, PAGE, arena);
      mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 'A');
      MemorySegment ends = arena.allocate(8);
      MemorySegment vector = arena.allocate(16);
      vector.set(ValueLayout.ADDRESS, 0, mapped);
      vector.set(ValueLayout.JAVA_LONG, 8, PAGE);
      require(0, (int) pipe.invoke(ends));
      int out = ends.get(ValueLayout.JAVA_INT, 0);
      int in = ends.get(ValueLayout.JAVA_INT, 4);
      require(PAGE, (int) vmsplice.invoke(in, vector, 1L, 0));
      Thread truncation = new Thread(() -> truncate(pinned), "truncation");
      truncation.start();
      truncation.join(WAIT_MILLIS);
      boolean waits = truncation.isAlive();
      System.out.println(waits ? "truncate waits for the pin" : "truncate has freed the page");
      if (!waits) {
        for (int i = 0; i < 20; i++) {
          try (RandomAccessFile other =
              new RandomAccessFile(folder.resolve("other" + i).toFile(), "rw")) {
            other.getChannel().write(ByteBuffer.wrap(page('B')));
            other.getFD().sync();
          }
        }
      }
      MemorySegment given = arena.allocate(PAGE);
      require(PAGE, (int) read.invoke(out, given, (long) PAGE));
      System.out.println("the pipe gives " + (char) given.get(ValueLayout.JAVA_BYTE, 8));
      truncation.join(WAIT_MILLIS);
      System.out.println(truncation.isAlive() ? "truncate never ends" : "truncate has ended");
    }
  }

  private static void truncate(Path path) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(0);
    } catch (IOException e) {
      System.out.println("truncate: " + e);
    }
  }

  private static byte[] page(char content) {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, (byte) content);
    return page;
  }

  private static void require(int expected, int answer) {
    if (answer != expected) {
      throw new IllegalStateException("a system call answers " + answer + ", not " + expected);
    }
  }

  private static MethodHandle call(String name, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
  }
}
