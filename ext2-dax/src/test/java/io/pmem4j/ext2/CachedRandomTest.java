// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file without DAX against an array, under reclaim; judged by debugfs and e2fsck. */
class CachedRandomTest {
  private static final int P = 4096;
  private static final int CACHE_PAGES = 8;
  private static final int STEPS = 500;
  private static final int O_RDWR_CREAT = 0102;

  private byte[] expected = new byte[0];

  @ParameterizedTest
  @ValueSource(strings = {"4096", "2048", "1024"})
  void callsAndMappingsEqualAnArrayAndSoDoesTheMedium(String blockBytes) throws Exception {
    try (ImageFixture image = new ImageFixture("-b", blockBytes)) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              MountOptions.parse("oldalloc,noatime,noreservation"),
              image.instrumentation().withCachePages(CACHE_PAGES));
      AddressSpace mm = fs.newAddressSpace();
      try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
        Vma mapping =
            mm.mmap(
                file.mappable(),
                0,
                20 * P,
                AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
                AddressSpace.MAP_SHARED);
        Random random = new Random(Long.parseLong(blockBytes));
        for (int step = 0; step < STEPS; step++) {
          step(file, mm, mapping, random);
        }
        mm.munmap(mapping);
        assertThat(all(file)).isEqualTo(expected);
      }
      fs.unmount();
      image.assertClean();
      Path dumped = image.directory.resolve("dumped");
      image.debugfs("dump /f " + dumped);
      assertThat(Files.readAllBytes(dumped)).isEqualTo(expected);
    }
  }

  private void step(OpenFile file, AddressSpace mm, Vma mapping, Random random) throws IOException {
    int at = random.nextInt(16 * P);
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        byte[] bytes = new byte[1 + random.nextInt(2 * P)];
        random.nextBytes(bytes);
        file.pwrite(at, bytes);
        expected = Arrays.copyOf(expected, Math.max(expected.length, at + bytes.length));
        System.arraycopy(bytes, 0, expected, at, bytes.length);
      }
      case 2 -> {
        file.truncate(at);
        expected = Arrays.copyOf(expected, at);
      }
      case 3 -> {
        if (at < expected.length) {
          expected[at] = (byte) random.nextInt();
          mm.store(mapping, at, new byte[] {expected[at]});
        }
      }
      case 4 -> {
        if (at < expected.length) {
          assertThat(mm.load(mapping, at, 1)[0]).isEqualTo(expected[at]);
        }
      }
      default -> {
        if (random.nextInt(4) == 0) {
          file.fsync();
        }
        assertThat(all(file)).isEqualTo(expected);
      }
    }
  }

  private static byte[] all(OpenFile file) throws IOException {
    byte[] bytes = new byte[(int) file.stat().size()];
    assertThat(file.pread(0, bytes)).isEqualTo(bytes.length);
    return bytes;
  }
}
