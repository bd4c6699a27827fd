// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Grows a file, cuts it, renames it and stores into it until it is killed. Arguments: folder,
 * backend. Prints {@code acknowledged N} after the N-th entry is durable.
 */
final class GrowthKill {
  static final int CHUNK = 8192;

  private GrowthKill() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    MapSpec spec = MapSpec.openOrCreateEmpty().exclusive().backend(Backend.valueOf(arguments[1]));
    try (PmemFile file = PmemFile.open(current(folder), spec);
        FileChannel channel = file.channel()) {
      for (long n = verify(file); ; n++) {
        long end = (n + 1) * CHUNK;
        file.truncate(n * CHUNK); // what a kill left past the last entry
        if (n % 2 == 0) {
          file.extend(end);
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion region = file.region(n * CHUNK, CHUNK, arena);
            region.fill(8, CHUNK - 8, (byte) n);
            region.persist(8, CHUNK - 8);
            region.publishLong(0, n + 1);
          }
        } else {
          ByteBuffer entry = ByteBuffer.allocate(CHUNK).order(java.nio.ByteOrder.LITTLE_ENDIAN);
          entry.putLong(n + 1);
          while (entry.hasRemaining()) {
            entry.put((byte) n);
          }
          channel.write(entry.flip(), n * CHUNK);
          channel.force(true);
        }
        if (n % 5 == 4) {
          file.rename(folder.resolve(file.path().endsWith("a") ? "b" : "a"));
        }
        System.out.println("acknowledged " + (n + 1));
      }
    }
  }

  /** Returns the path that leads to the file; a new one is called a. */
  static Path current(Path folder) {
    Path b = folder.resolve("b");
    return java.nio.file.Files.exists(b) ? b : folder.resolve("a");
  }

  /** Returns the number of whole entries. */
  static long verify(PmemFile file) throws Exception {
    long entries = 0;
    try (Arena arena = Arena.ofConfined()) {
      long length = file.length();
      if (length < CHUNK) {
        return 0;
      }
      PmemRegion whole = file.region(0, length, arena);
      while ((entries + 1) * CHUNK <= length && whole.getLong(entries * CHUNK) == entries + 1) {
        for (int i = 8; i < CHUNK; i++) {
          if (whole.getByte(entries * CHUNK + i) != (byte) entries) {
            return entries;
          }
        }
        entries++;
      }
    }
    return entries;
  }
}
