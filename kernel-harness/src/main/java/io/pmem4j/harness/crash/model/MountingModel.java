// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.harness.backend.model.ModelFiles;
import io.pmem4j.harness.crash.kernel.MountingMachine;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The model as a machine that mounts one image after the other. Used by one thread. */
final class MountingModel implements MountingMachine {
  private final FsImage image;
  private final Arena arena = Arena.ofShared();
  private final FileChannel file;
  private final PersistentMemory memory;
  private int mounts;

  /** Makes the image in a directory. */
  @SuppressWarnings("MustBeClosedChecker") // by close
  MountingModel(Path directory) throws IOException {
    image = Mke2fs.allocate(directory.resolve("mounted.img"));
    file = FileChannel.open(image.path(), StandardOpenOption.WRITE);
    MapSpec spec = MapSpec.existing().slice(FsImage.OFFSET_BYTES, FsImage.FS_BYTES);
    boolean mapped = false;
    try {
      memory = Pmem.map(image.path(), spec, arena);
      mapped = true;
    } finally {
      if (!mapped) {
        close();
      }
    }
  }

  @Override
  public FsImage image() {
    return image;
  }

  @Override
  public boolean isKernel() {
    return false;
  }

  @Override
  public int mounts() {
    return mounts;
  }

  @Override
  public void write(int page, byte[] bytes) throws IOException {
    FsImage.write(file, page, bytes);
  }

  @Override
  public Optional<Map<String, byte[]>> read(List<String> paths) {
    mounts++;
    try {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              memory,
              MountOptions.parse("dax,oldalloc,noreservation,noatime,ro"),
              Instrumentation.production());
      Map<String, byte[]> files = ModelFiles.of(fs, paths);
      fs.unmount();
      return Optional.of(files);
    } catch (Ext2Exception _) {
      return Optional.empty();
    }
  }

  @Override
  public void close() throws IOException {
    arena.close();
    file.close();
  }
}
