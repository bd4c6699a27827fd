// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.device.HardwareVerdict;
import io.pmem4j.harness.device.PersistenceDomain;
import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guests whose hardware differs: the kernel's statements about it, and pmem-ffi on it. */
class GuestMachineIT {
  private static final long MS_RDONLY = 1;

  @TempDir private Path directory;

  @Test
  @Timeout(300)
  void sysfsStatesTheHardware() throws Exception {
    Required.programs("mke2fs");
    GuestSpec spec = KernelFixture.open(directory).spec().withCpus(1);
    GuestJvmIT.format(spec.image(), "ext2");
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("domain=cpu")))) {
      PmemDevice device = GuestSysfs.pmem0(guest, directory);
      assertThat(device.domain()).contains(PersistenceDomain.CPU_CACHE);
      assertThat(device.deepFlush()).contains(false);
      assertThat(device.readOnly()).isFalse();
      assertThat(device.modules()).singleElement().satisfies(m -> assertThat(m.flags()).isEmpty());
      assertThat(device.mode()).isEqualTo("fsdax");
      // Nothing has to be written back, so that fsync does not.
      assertThat(device.writeCache()).contains(false);
      assertThat(refusals(device)).isEmpty();
      assertThat(mount(guest, 0).errno()).isZero();
      guest.check();
      guest.stop();
    }
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("domain=memory,unarmed")))) {
      PmemDevice device = GuestSysfs.pmem0(guest, directory);
      assertThat(device.domain()).contains(PersistenceDomain.MEMORY_CONTROLLER);
      assertThat(device.readOnly()).isTrue();
      assertThat(device.modules())
          .singleElement()
          .satisfies(module -> assertThat(module.flags()).containsExactly("not_armed"))
          .satisfies(module -> assertThat(module.identity()).containsKeys("id", "serial"));
      assertThat(device.writeCache()).contains(true);
      assertThat(device.mode()).as("by the info block of the boot before").isEqualTo("fsdax");
      assertThat(refusals(device))
          .hasSize(2)
          .anyMatch(words -> words.startsWith("nmem0: not_armed"))
          .anyMatch(words -> words.startsWith("pmem0 is read-only"));
      assertThat(mount(guest, 0).errno())
          .as("EACCES, as only a read-only mount is possible")
          .isEqualTo(13);
      assertThat(mount(guest, MS_RDONLY).errno()).isZero();
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  @Test
  @Timeout(120)
  void anUnarmedModuleOfNoNamespaceStaysARawReadOnlyDevice() throws Exception {
    GuestSpec spec = KernelFixture.open(directory).spec().withCpus(1);
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("unarmed")))) {
      assertThat(guest.hello().daxError()).contains("binding pfn0.0 to nd_pmem");
      PmemDevice device = GuestSysfs.pmem0(guest, directory);
      assertThat(device.domain()).contains(PersistenceDomain.UNSTATED);
      assertThat(device.writeCache()).contains(true);
      assertThat(device.readOnly()).isTrue();
      assertThat(device.mode()).isEqualTo("raw");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  /** The row that the tests of every day have: a device whose stores need a fence alone. */
  @Test
  @Timeout(1200)
  void devdaxIsOfBytesIfCachesAreInTheDomain() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    GuestSpec spec = withTwo(PersistenceDomain.CPU_CACHE);
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      String device = jvm.makeDevdax();
      GuestJvmIT.timed(
          "contract on devdax, domain=cpu",
          () -> GuestJvmIT.holds(GuestJvmIT.contract(jvm, device, "BYTE")));
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  /** A guest with a JVM and two NVDIMMs. */
  private GuestSpec withTwo(PersistenceDomain domain) throws Exception {
    Path jars = GuestJvmIT.jars(directory);
    Path second = directory.resolve("nvdimm2");
    try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    GuestSpec plain = KernelFixture.open(directory).spec().withSecondImage(second);
    return GuestJvm.equip(plain, jars).withMachine(new GuestMachine(domain, true, false));
  }

  private static Response mount(Guest guest, long flags) throws GuestException {
    return guest.request(
        Request.of(WireOp.MOUNT, flags).withStrings("/dev/pmem0", "/mnt", "ext2", "dax"));
  }

  private static List<String> refusals(PmemDevice device) {
    return HardwareVerdict.of(device).stream()
        .filter(verdict -> verdict.kind() == HardwareVerdict.Kind.REFUSAL)
        .map(HardwareVerdict::words)
        .toList();
  }
}
