// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/**
 * The zeros of a hole that a read copies before a page that faults: words up to 6.1, then bytes.
 */
class ZerosForProgramsTest {
  private static final int P = 4096;

  private static long zerosBefore(Profile profile, int offset, byte[] shown) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image.options(),
              image.instrumentation().withVariation(Lab.of(profile)));
      try (OpenFile page = fs.open("/page", 0102, 0644);
          OpenFile hole = fs.open("/hole", 0102, 0644)) {
        byte[] ones = new byte[P];
        java.util.Arrays.fill(ones, (byte) 1);
        page.pwrite(0, ones);
        hole.truncate(2 * P);
        AddressSpace mm = fs.newAddressSpace();
        Vma m = mm.mmap(page.mappable(), 0, 2 * P, 3, AddressSpace.MAP_SHARED);
        long zeros = hole.pread(0, mm.buffer(m, offset, 2000));
        System.arraycopy(mm.load(m, P - shown.length, shown.length), 0, shown, 0, shown.length);
        mm.exit();
        return zeros;
      } finally {
        fs.unmount();
      }
    }
  }

  @Test
  void aWordThatReachesIntoThePageIsNotStored() throws Exception {
    byte[] shown = new byte[8];
    assertThat(zerosBefore(Profile.LINUX_5_10, 3001, shown)).isEqualTo(1088);
    assertThat(shown).containsExactly(0, 1, 1, 1, 1, 1, 1, 1);
    assertThat(zerosBefore(Profile.LINUX_6_1, 3001, shown)).isEqualTo(1095);
    assertThat(shown).containsOnly(0);
    assertThat(zerosBefore(Profile.LINUX_5_10, 3000, shown)).isEqualTo(1096);
    assertThat(shown).containsOnly(0);
  }
}
