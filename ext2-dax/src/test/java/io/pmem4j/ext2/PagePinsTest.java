// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.PagePins;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/** Pages in a device's hands: what the device does, and what truncation does not do about it. */
class PagePinsTest extends OnImage {
  @Test
  void aDeviceReadsAndStoresWhatIsMapped() throws Exception {
    f.truncate(3 * P);
    Vma m = shared(f, 3 * P);
    store(m, P, 7);
    try (PagePins pins = mm.pin(m, P - 2, 4, true)) {
      assertThat(pins.read()).containsExactly(0, 0, 7, 0);
      pins.write(new byte[] {1, 2, 3, 4});
    }
    assertThat(mm.load(m, P - 2, 4)).containsExactly(1, 2, 3, 4);
    assertThat(f.stat().blocks512()).isEqualTo(16);
  }

  @Test
  void aDeviceThatReadsNeedsNoBlock() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    try (PagePins pins = mm.pin(m, 0, P, false)) {
      assertThat(pins.read()).containsOnly(0);
    }
    assertThat(f.stat().blocks512()).isZero();
    assertThat(page(m, 0)).isEqualTo("zero");
  }

  @Test
  void pagesBehindTheEndCannotBeHad() throws Exception {
    f.truncate(P);
    Vma m = shared(f, 3 * P);
    assertBusError(m, P, () -> mm.pin(m, 0, 2 * P, true));
    // The first page was let go of.
    f.truncate(0);
    assertThat(m.file().pins().truncatedWhilePinned()).isZero();
  }

  /** R9: what ext2 of Linux 5.10 does, and the model does with it. */
  @Test
  void truncationDoesNotWaitForTheDevice() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    store(m, 0, 1);
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644);
        PagePins pins = mm.pin(m, 0, P, true)) {
      f.truncate(0);
      assertThat(m.file().pins().truncatedWhilePinned()).isEqualTo(1);
      g.pwrite(0, bytes(P, 5));
      pins.write(bytes(P, 6));
      assertThat(read(g, 0)).isEqualTo((byte) 6);
    }
  }
}
