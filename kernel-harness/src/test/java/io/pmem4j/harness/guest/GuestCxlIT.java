// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.device.PersistenceDomain;
import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Persistent memory behind an emulated CXL bus, from its decoders to ext2 with DAX. */
@Tag("kernels")
class GuestCxlIT {
  @TempDir private Path directory;

  @Test
  @Timeout(180)
  void aMemoryDeviceBehindCxlHoldsTheSameFileSystemOverTwoBoots() throws Exception {
    Required.programs("mke2fs", "e2fsck");
    GuestSpec spec =
        KernelFixture.open(directory, "6.12").spec().withMachine(GuestMachine.parse("cxl"));
    GuestJvmIT.format(spec.image(), "ext2");
    try (Guest guest = Guest.start(spec)) {
      PmemDevice device = GuestSysfs.pmem0(guest, directory);
      assertThat(device.domain()).contains(PersistenceDomain.MEMORY_CONTROLLER);
      assertThat(device.readOnly()).isFalse();
      assertThat(device.writeCache()).contains(true);
      assertThat(device.mode()).isEqualTo("fsdax");
      assertThat(device.modules())
          .singleElement()
          .satisfies(module -> assertThat(module.flags()).isEmpty())
          .satisfies(module -> assertThat(module.identity()).containsKey("id"));
      run(guest, "mount -t ext2 -o dax /dev/pmem0 /mnt");
      assertThat(run(guest, "cat /proc/mounts"))
          .containsPattern("/dev/pmem0 /mnt ext2 .*\\bdax\\b");
      run(guest, "echo kept > /mnt/word && umount /mnt");
      guest.check();
      guest.stop();
    }
    try (Guest guest = Guest.start(spec)) {
      run(guest, "mount -t ext2 -o dax /dev/pmem0 /mnt");
      assertThat(run(guest, "cat /mnt/word")).isEqualTo("kept\n");
      run(guest, "umount /mnt");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private static String run(Guest guest, String command) throws GuestException {
    Response response =
        guest.request(Request.of(WireOp.EXEC, 15_000).withStrings("/bin/sh", "-c", command));
    assertThat(response.result()).as("%s: %s", command, response.text()).isZero();
    return response.text();
  }
}
