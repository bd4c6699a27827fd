// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verb fsck: its lines, and the statuses of e2fsck. */
class FsckCommandTest {
  private static final int ROOT_LINKS = 5 * 1024 + 128 + 26;

  @TempDir private Path folder;

  private Path image(String... options) {
    Path image = folder.resolve("image");
    String[] arguments = new String[options.length + 4];
    System.arraycopy(options, 0, arguments, 4, options.length);
    arguments[0] = "mkfs";
    arguments[1] = image.toString();
    arguments[2] = "4M";
    arguments[3] = "--force";
    assertThat(Ran.run(arguments).status()).isZero();
    return image;
  }

  private static void patch(Path image, long offset, int... bytes) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(offset);
      for (int each : bytes) {
        file.write(each);
      }
    }
  }

  @Test
  void aNewImageIsClean() throws Exception {
    for (String block : new String[] {"1024", "2048", "4096"}) {
      Path image = image("-b", block);
      byte[] before = Files.readAllBytes(image);
      Ran ran = Ran.run("fsck", image.toString());
      assertThat(ran.status()).as(ran.out()).isZero();
      assertThat(ran.out()).isEqualTo("fsck: " + image + ": clean\n");
      assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }
  }

  @Test
  void aFindingNamesStructureNumberFoundAndExpected() throws Exception {
    Path image = image("-b", "1024", "-I", "128", "-O", "^resize_inode");
    patch(image, ROOT_LINKS, 9, 0);
    Ran ran = Ran.run("fsck", image.toString(), "--json");
    assertThat(ran.status()).isEqualTo(FsckCommand.FINDINGS);
    assertThat(ran.out())
        .startsWith("inode 2: i_links_count is 9, expected 3 (byte 5274, LINKS_TOO_HIGH)\n")
        .contains("fsck: " + image + ": 1 finding\n");
    JsonNode line = new ObjectMapper().readTree(ran.out().lines().toList().getLast());
    assertThat(line.get("verdict").asText()).isEqualTo("FAIL");
    assertThat(line.get("counts").get("findings").asInt()).isEqualTo(1);
    assertThat(line.get("counts").get("inode").asInt()).isEqualTo(1);
  }

  @Test
  void aSuperblockThatMakesNoSenseEndsTheCheck() throws Exception {
    Path image = image("-b", "4096");
    patch(image, 1024 + 40, 0, 0, 0, 0);
    Ran ran = Ran.run("fsck", image.toString());
    assertThat(ran.status()).isEqualTo(FsckCommand.FINDINGS + FsckCommand.OPERATIONAL);
    assertThat(ran.out())
        .startsWith("superblock 0: s_inodes_per_group is 0, expected 16 to")
        .contains("the check ends here");
  }

  @Test
  void aForeignImageAnUnknownFeatureAndAMissingFileAreOperational() throws Exception {
    Path foreign = Files.write(folder.resolve("foreign"), new byte[1 << 16]);
    assertRefused(foreign, "s_magic is 0x0, expected 0xef53, there or in a backup: no ext2");
    Path small = Files.write(folder.resolve("small"), new byte[100]);
    assertRefused(small, "expected at least 2048");
    Path image = image("-b", "4096");
    patch(image, 1024 + 96, 0x42);
    assertRefused(image, "s_feature_incompat 0x40 is not known to the check: nothing was checked");
    assertRefused(folder.resolve("missing"), "no such file");
  }

  private static void assertRefused(Path image, String words) {
    Ran ran = Ran.run("fsck", image.toString());
    assertThat(ran.status()).as(ran.err()).isEqualTo(FsckCommand.OPERATIONAL);
    assertThat(ran.err()).startsWith("pmem4j: cannot use " + image).contains(words).hasLineCount(1);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void usageHasTheStatusOfE2fsck() {
    Ran ran = Ran.run("fsck", "--fast", "image", "--json");
    assertThat(ran.status()).isEqualTo(FsckCommand.USAGE);
    assertThat(ran.out()).startsWith("{\"verb\":\"fsck\",\"verdict\":\"ERROR\"");
    assertThat(Ran.run("fsck").status()).isEqualTo(FsckCommand.USAGE);
  }

  @Test
  void anImageInUseIsCheckedWithAWarning() throws Exception {
    Path image = image("-b", "4096");
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(image, MapSpec.existing().exclusive(), arena);
      Ran ran = Ran.run("fsck", image.toString());
      assertThat(ran.status()).isZero();
      assertThat(ran.err())
          .isEqualTo("pmem4j: " + image + ": in use; findings may be changes on their way\n");
    }
  }
}
