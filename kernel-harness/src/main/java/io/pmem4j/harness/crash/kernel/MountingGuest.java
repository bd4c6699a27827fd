// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.guest.MountedFiles;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A guest that mounts one image after the other without a reboot. The host rewrites the NVDIMM
 * while nothing is mounted. Used by one thread.
 */
final class MountingGuest implements MountingMachine {
  private final FsImage image;
  private final FileChannel nvdimm;
  private final Guest guest;
  private int mounts;

  /** Boots a guest. Its image is made here. */
  MountingGuest(GuestSpec spec) throws BackendException, IOException {
    image = Mke2fs.allocate(spec.image());
    nvdimm = FileChannel.open(image.path(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean booted = false;
    try {
      guest = Guest.start(spec.withCpus(1));
      booted = true;
    } catch (GuestException e) {
      throw BackendException.boot(e);
    } finally {
      if (!booted) {
        nvdimm.close();
      }
    }
  }

  @Override
  public FsImage image() {
    return image;
  }

  @Override
  public boolean isKernel() {
    return true;
  }

  @Override
  public int mounts() {
    return mounts;
  }

  @Override
  public void write(int page, byte[] bytes) throws IOException {
    FsImage.write(nvdimm, page, bytes);
  }

  @Override
  public Optional<Map<String, byte[]>> read(List<String> paths) throws GuestException {
    mounts++;
    return MountedFiles.inNewMount(guest, paths);
  }

  @Override
  public void close() throws IOException {
    guest.close();
    nvdimm.close();
  }
}
