// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Finding R9 on booted kernels: ext2 gives a pinned page to another file, ext4 waits for the pin.
 * {@code -Dpmem4j.pinned=7.3} tries the ext4 of another kernel; the test then builds it.
 */
@Tag("powercuts")
class PinnedPageIT {
  private static final String KERNEL = System.getProperty("pmem4j.pinned", "merged");

  @TempDir private Path directory;

  @Test
  @Timeout(1200)
  void ext2FreesAPinnedPageAndExt4WaitsForThePin() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.applications(directory, PinnedPage.class);
    GuestSpec spec = GuestJvm.equip(KernelFixture.open(directory, KERNEL).spec(), jars);
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      assertThat(pinned(jvm, spec, "ext4"))
          .contains("truncate waits for the pin", "the pipe gives A", "truncate has ended");
      guest.check();
      if (KERNEL.equals("merged")) {
        assertThat(pinned(jvm, spec, "ext2"))
            .contains("truncate has freed the page", "the pipe gives B", "truncate has ended");
        // The kernel sees it, and goes on.
        assertThatThrownBy(guest::check).hasMessageContaining("dax_disassociate_entry");
      }
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private static String pinned(GuestJvm jvm, GuestSpec spec, String fileSystem) throws Exception {
    GuestJvmIT.format(spec.image(), fileSystem);
    jvm.mount(fileSystem, "dax");
    GuestJvm.Ended ended =
        jvm.run(
            Duration.ofMinutes(2),
            List.of("-Xint", "-cp", "/app/classes", PinnedPage.class.getName(), "/mnt"));
    jvm.unmount();
    System.out.println(fileSystem + ": " + ended.output().strip());
    assertThat(ended.status()).as(ended.output()).isZero();
    return ended.output();
  }
}
