// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.device.PersistenceDomain;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests whose hardware differs: the kernel's statements about it, and pmem-ffi on it. */
class GuestMachineIT {
  private static final long MS_RDONLY = 1;
  private static final String REGION = "/sys/bus/nd/devices/region0/";

  @TempDir private Path directory;

  @Test
  @Timeout(300)
  void sysfsStatesTheHardware() throws Exception {
    Required.programs("mke2fs");
    GuestSpec spec = KernelFixture.open(directory).spec().withCpus(1);
    GuestJvmIT.format(spec.image(), "ext2");
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("domain=cpu")))) {
      assertThat(read(guest, REGION + "persistence_domain")).isEqualTo("cpu_cache");
      assertThat(read(guest, REGION + "deep_flush")).isEqualTo("0");
      assertThat(read(guest, REGION + "read_only")).isEqualTo("0");
      assertThat(read(guest, "/sys/bus/nd/devices/nmem0/nfit/flags")).isEmpty();
      // Nothing has to be written back, so that fsync does not.
      assertThat(read(guest, "/sys/block/pmem0/dax/write_cache")).isEqualTo("0");
      assertThat(mount(guest, 0).errno()).isZero();
      guest.check();
      guest.stop();
    }
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("domain=memory,unarmed")))) {
      assertThat(read(guest, REGION + "persistence_domain")).isEqualTo("memory_controller");
      assertThat(read(guest, REGION + "read_only")).isEqualTo("1");
      assertThat(read(guest, "/sys/bus/nd/devices/nmem0/nfit/flags")).isEqualTo("not_armed");
      assertThat(read(guest, "/sys/block/pmem0/dax/write_cache")).isEqualTo("1");
      assertThat(read(guest, "/sys/block/pmem0/ro")).isEqualTo("1");
      assertThat(guest.hello().device()).as("by the info block of the boot before").isNotNull();
      assertThat(mount(guest, 0).errno())
          .as("EACCES: only a read-only mount is possible")
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
      assertThat(exists(guest, REGION + "persistence_domain")).as("no statement").isFalse();
      assertThat(read(guest, "/sys/block/pmem0/dax/write_cache")).isEqualTo("1");
      assertThat(read(guest, "/sys/block/pmem0/ro")).isEqualTo("1");
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

  @ParameterizedTest
  @EnumSource(PersistenceDomain.class)
  @Tag("machines")
  @Timeout(2400)
  void theContractHoldsInEachDomain(PersistenceDomain domain) throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    GuestSpec spec = withTwo(domain);
    String finest = domain == PersistenceDomain.CPU_CACHE ? "BYTE" : "CACHE_LINE";
    GuestJvmIT.format(spec.image(), "ext4");
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount("ext4", "dax");
      GuestJvmIT.timed(
          "contract on ext4 -o dax, " + domain,
          () -> GuestJvmIT.holdsIn(GuestJvmIT.contract(jvm, "/mnt", finest)));
      jvm.unmount();
      GuestJvmIT.format(spec.image(), "ext2");
      jvm.mount("ext2", "dax");
      GuestJvmIT.timed(
          "contract on ext2 -o dax, " + domain,
          () -> GuestJvmIT.holdsIn(GuestJvmIT.contract(jvm, "/mnt", "PAGE")));
      jvm.unmount();
      String device = jvm.makeDevdax();
      GuestJvmIT.timed(
          "contract on devdax, " + domain,
          () -> GuestJvmIT.holds(GuestJvmIT.contract(jvm, device, finest)));
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
    GuestSpec plain = KernelFixture.open(directory).spec().withSecondImage(second).withCpus(1);
    return GuestJvm.equip(plain, jars).withMachine(new GuestMachine(domain, true));
  }

  private static Response mount(Guest guest, long flags) throws GuestException {
    return guest.request(
        Request.of(WireOp.MOUNT, flags).withStrings("/dev/pmem0", "/mnt", "ext2", "dax"));
  }

  private static String read(Guest guest, String file) throws GuestException {
    Response response = guest.request(Request.of(WireOp.READ_FILE, 4096).withStrings(file));
    assertThat(response.errno()).as(file).isZero();
    return new String(response.data(), StandardCharsets.UTF_8).strip();
  }

  private static boolean exists(Guest guest, String file) throws IOException {
    return guest.request(Request.of(WireOp.READ_FILE, 4096).withStrings(file)).errno() == 0;
  }
}
