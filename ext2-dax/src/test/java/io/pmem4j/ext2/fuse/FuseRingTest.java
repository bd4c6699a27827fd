// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An io_uring whose device is no mount's: the kernel refuses its worker, and pings arrive. */
class FuseRingTest {
  private int device = -1;
  private FuseRing ring;

  @BeforeEach
  void open() {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs a writable /dev/fuse");
    device = KernelCalls.open("/dev/fuse", KernelCalls.O_RDWR | KernelCalls.O_CLOEXEC);
    ring = FuseRing.open(device, 0, 8192);
    assumeTrue(ring != null, "the kernel gives no io_uring");
  }

  @AfterEach
  void close() {
    if (ring != null) {
      ring.close();
    }
    KernelCalls.close(device);
  }

  @Test
  void aRefusedWorkerLearnsTheReason() {
    assertThat(ring.registered()).isIn(-KernelCalls.EPERM, -KernelCalls.EINVAL);
    assertThat(ring.takePings()).isZero();
  }

  @Test
  void pingsEndAWaitAndAreCounted() {
    assertThat(ring.registered()).isNegative();
    assertThat(ring.ping()).isTrue();
    assertThat(ring.ping()).isTrue();
    assertThat(ring.waited()).isEqualTo(FuseRing.NO_REQUEST);
    assertThat(ring.takePings()).isEqualTo(2);
    for (int i = 0; i < 50; i++) {
      assertThat(ring.ping()).isTrue();
    }
    int seen = 0;
    while (seen < 50) {
      assertThat(ring.waited()).isEqualTo(FuseRing.NO_REQUEST);
      seen += ring.takePings();
    }
    assertThat(seen).as("more than the ring has room for").isEqualTo(50);
  }

  @Test
  void aClosedRingTakesNoPings() {
    ring.close();
    assertThat(ring.ping()).isFalse();
    ring.close();
  }
}
