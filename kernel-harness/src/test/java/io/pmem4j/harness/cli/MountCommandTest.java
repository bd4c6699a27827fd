// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Refusals of mount: one line that names the argument, and the status; nothing is mounted. */
class MountCommandTest {
  @TempDir private Path folder;
  private Path image;
  private Path directory;

  @BeforeEach
  void places() throws Exception {
    image = folder.resolve("image");
    directory = Files.createDirectory(folder.resolve("directory"));
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
  }

  private static void assertRefused(int status, String words, String... arguments) {
    Ran ran = Ran.run(arguments);
    assertThat(ran.status()).as(ran.err()).isEqualTo(status);
    assertThat(ran.err()).startsWith("pmem4j: ").contains(words);
    assertThat(ran.err().lines()).hasSize(1);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void aForeignImageIsRefusedByName() {
    assertRefused(
        2,
        image + ": EINVAL: superblock: s_magic",
        "mount",
        image.toString(),
        directory.toString());
  }

  @Test
  void aTruncatedImageIsRefused() throws Exception {
    assertThat(
            new ProcessBuilder(
                    "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", image.toString())
                .start()
                .waitFor())
        .isZero();
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(512 << 10);
    }
    assertRefused(2, image + ": EINVAL", "mount", image.toString(), directory.toString());
  }

  @Test
  void placesThatAreNotThereOrOfTheWrongKindAreNamed() {
    String no = folder.resolve("no").toString();
    assertRefused(2, no + ": no such file", "mount", no, directory.toString());
    assertRefused(2, no + ": no such file", "mount", image.toString(), no);
    assertRefused(2, "is not a folder", "mount", image.toString(), image.toString());
    assertRefused(2, "lies below", "mount", image.toString(), folder.toString());
  }

  @Test
  void anImageInUseIsRefused() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(image, MapSpec.existing().exclusive(), arena);
      assertRefused(2, "cannot use " + image, "mount", image.toString(), directory.toString());
    }
  }

  @Test
  void optionsThatAreNotKnownOrContradictAreUsageErrors() {
    List<String> places = List.of(image.toString(), directory.toString());
    assertRefused(
        2, "unknown mount option colour", "mount", "-o", "colour", places.get(0), places.get(1));
    assertRefused(
        2, "exclude each other", "mount", "--daemon", "--foreground", places.get(0), places.get(1));
    assertThat(Ran.run("mount", image.toString()).status()).isEqualTo(2);
  }
}
