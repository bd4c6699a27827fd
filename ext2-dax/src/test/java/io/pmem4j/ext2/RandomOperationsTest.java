// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random writes, truncations and mapped accesses against a byte array: contents agree at every
 * step, after a remount, and e2fsck finds nothing.
 */
class RandomOperationsTest {
  /** Beyond direct and indirect blocks: (12 + 1024) * 4096 is a little over 4 MiB. */
  private static final int MAX_SIZE = 6 << 20;

  private static final int STEPS = 300;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void contentsAgreeWithAnArray(long seed) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      byte[] model = new byte[MAX_SIZE];
      int size = 0;
      Random random = new Random(seed);
      Ext2FileSystem fs = image.mount();
      AddressSpace mm = fs.newAddressSpace();
      OpenFile f = fs.open("/f", 0102, 0644);
      Vma m =
          mm.mmap(
              f.mappable(),
              0,
              MAX_SIZE,
              AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
              AddressSpace.MAP_SHARED);
      for (int step = 0; step < STEPS; step++) {
        image.clock.incrementAndGet();
        switch (random.nextInt(6)) {
          case 0, 1 -> {
            byte[] data = new byte[1 + random.nextInt(50_000)];
            random.nextBytes(data);
            int at = random.nextInt(MAX_SIZE - data.length);
            assertThat(f.pwrite(at, data)).isEqualTo(data.length);
            System.arraycopy(data, 0, model, at, data.length);
            size = Math.max(size, at + data.length);
          }
          case 2 -> {
            int to = random.nextBoolean() ? random.nextInt(MAX_SIZE) : random.nextInt(size + 1);
            f.truncate(to);
            if (to < size) {
              Arrays.fill(model, to, size, (byte) 0);
            }
            size = to;
          }
          case 3 -> {
            if (size > 0) {
              int at = random.nextInt(size);
              byte[] data = new byte[Math.min(1 + random.nextInt(9000), size - at)];
              random.nextBytes(data);
              mm.store(m, at, data);
              System.arraycopy(data, 0, model, at, data.length);
            }
          }
          case 4 -> {
            if (size > 0) {
              int at = random.nextInt(size);
              int length = Math.min(1 + random.nextInt(20_000), size - at);
              assertThat(mm.load(m, at, length))
                  .isEqualTo(Arrays.copyOfRange(model, at, at + length));
            }
          }
          default -> {
            byte[] back = new byte[1 + random.nextInt(100_000)];
            int at = random.nextInt(MAX_SIZE);
            int expected = Math.clamp(size - at, 0, back.length);
            assertThat(f.pread(at, back)).isEqualTo(expected);
            assertThat(Arrays.copyOf(back, expected))
                .isEqualTo(Arrays.copyOfRange(model, at, at + expected));
          }
        }
        assertThat(f.stat().size()).isEqualTo(size);
      }
      mm.munmap(m);
      f.close();
      fs.unmount();
      image.assertClean();

      Ext2FileSystem again = image.mount();
      try (OpenFile g = again.open("/f", 0, 0)) {
        byte[] back = new byte[MAX_SIZE];
        assertThat(g.pread(0, back)).isEqualTo(size);
        assertThat(back).isEqualTo(model);
      }
      again.unlink("/f");
      again.unmount();
      image.assertClean();
    }
  }
}
