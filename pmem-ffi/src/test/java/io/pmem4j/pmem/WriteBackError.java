// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Random;

/**
 * Writes to a file whose disk fails somewhere, until a persist throws; then tries again, there and
 * elsewhere. Arguments: folder, backend, bytes.
 */
final class WriteBackError {
  private static final int PIECE = 1 << 20;

  private WriteBackError() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]).resolve("disk-of-the-region").resolve("file");
    MapSpec spec =
        MapSpec.createNew(Long.parseLong(arguments[2])).backend(Backend.valueOf(arguments[1]));
    byte[] piece = new byte[PIECE];
    new Random(1).nextBytes(piece);
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, spec, arena);
      PmemRegion other = Pmem.map(file, MapSpec.existing(), arena);
      try {
        for (long at = 0; at < region.byteSize(); at += PIECE) {
          region.copy(at, piece, 0, PIECE);
          region.persist(at, PIECE);
        }
        System.out.println("never failed");
      } catch (PmemException failure) {
        System.out.println("failed: " + failure.getMessage());
      }
      for (PmemRegion each : new PmemRegion[] {region, other, region.slice(0, 4096)}) {
        try {
          each.persist(0, 8);
          System.out.println("then: durable, it says");
        } catch (PmemFailedFileException failed) {
          System.out.println("then: failed for good");
        }
      }
    }
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, MapSpec.existing().slice(0, 4096), arena).persist(0, 8);
      System.out.println("mapped anew: durable");
    } catch (PmemException stillBroken) {
      System.out.println("mapped anew: " + stillBroken.getClass().getSimpleName());
    }
  }
}
