// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Grows a file on a disk of 2 MiB that another file fills. Arguments: folder, backend. */
final class GrowthOnFullDisk {
  private static final int MEBIBYTE = 1 << 20;

  private GrowthOnFullDisk() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    MapSpec spec = MapSpec.openOrCreateEmpty().backend(Backend.valueOf(arguments[1]));
    Path filler = folder.resolve("filler");
    try (Arena arena = Arena.ofShared();
        PmemFile file = PmemFile.open(folder.resolve("file"), spec);
        FileChannel channel = file.channel()) {
      file.extend(MEBIBYTE);
      try (var out = Files.newOutputStream(filler)) {
        while (true) {
          out.write(new byte[4096]);
        }
      } catch (IOException full) {
        System.out.println("filled: " + full.getMessage());
      }
      try {
        file.extend(MEBIBYTE + 8192);
        System.out.println("extend: done");
      } catch (FileSystemException refused) {
        System.out.println("extend: " + refused.getReason() + ", length " + file.length());
      }
      PmemRegion region = file.region(0, MEBIBYTE, arena);
      region.writeFill(0, MEBIBYTE, (byte) 1, Caching.AUTO);
      region.persist(0, MEBIBYTE);
      System.out.println("stores: all there");
      try {
        channel.write(ByteBuffer.allocate(8192), MEBIBYTE);
        System.out.println("channel: done");
      } catch (IOException refused) {
        System.out.println("channel: " + refused.getMessage());
      }
      holes(folder);
      Files.delete(filler);
      Files.delete(folder.resolve("file"));
      file.truncate(4096);
      file.extend(MEBIBYTE + 4096);
      System.out.println("with room again: " + file.length());
    }
  }

  /** A hole in a sparse file is an exception of the channel's write, not the end of the JVM. */
  private static void holes(Path folder) throws IOException {
    Path sparse = folder.resolve("sparse");
    try (PmemFile file = PmemFile.open(sparse, MapSpec.createNew(MEBIBYTE).sparse());
        FileChannel channel = file.channel()) {
      channel.write(ByteBuffer.allocate(64), 65_536);
      System.out.println("hole: done");
    } catch (IOException refused) {
      boolean media = refused.getCause() instanceof PmemMediaException;
      System.out.println(media ? "hole: no memory" : "hole: " + refused);
    }
  }
}
