// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * pmem-ffi in a JVM of the guest on {@code ext2 -o dax}, the file system of the series: it has no
 * MAP_SYNC, so libpmem and the JDK alike go through msync.
 */
class GuestJvmExt2IT {
  @TempDir private Path directory;

  @Test
  @Timeout(1200)
  void theContractHoldsWithoutMapSync() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.jars(directory);
    GuestSpec spec = GuestJvm.equip(KernelFixture.open(directory).spec(), jars);
    GuestJvmIT.format(spec.image(), "ext2");
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount("ext2", "dax");
      GuestJvmIT.timed(
          "contract on ext2 -o dax",
          () ->
              GuestJvmIT.holdsIn(
                  GuestJvmIT.contract(
                      jvm,
                      "/mnt",
                      // Without MAP_SYNC the JDK's regions are those of any file system.
                      List.of("--expect", "PAGE", "--backend", "LIBPMEM"))));
      jvm.unmount();
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }
}
