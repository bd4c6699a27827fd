// SPDX-License-Identifier: Apache-2.0
package com.example.inventory;

import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Appends a line to a file inside an ext2 image: a named module, module path. */
public final class Inventory {
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;

  private Inventory() {}

  /** Mounts the image named by the first argument, appends a line to {@code /inventory}, unmounts. */
  public static void main(String[] arguments) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion image = Pmem.map(Path.of(arguments[0]), MapSpec.existing(), arena);
      MountOptions options = MountOptions.parse("dax,oldalloc,noatime,noreservation");
      Ext2FileSystem fs = Ext2FileSystem.mount(image, options);
      try (OpenFile file = fs.open("/inventory", O_RDWR | O_CREAT, 0644)) {
        long end = file.stat().size();
        file.pwrite(end, "one more\n".getBytes(StandardCharsets.UTF_8));
        file.fsync();
        System.out.println("bytes " + file.stat().size());
      }
      fs.unmount();
    }
  }
}
