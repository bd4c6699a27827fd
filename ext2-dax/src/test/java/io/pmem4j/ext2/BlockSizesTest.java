// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, links, attributes and directories at each block size, revision and size of inodes. */
class BlockSizesTest {
  private static final int STEPS = 700;

  private static ImageFixture image(String format) throws Exception {
    return new ImageFixture(format.split(" "));
  }

  private static int blockBytes(String format) {
    return Integer.parseInt(format.split(" ")[1]);
  }

  /** Random changes of names against a map: equal at the end, after a remount, and for e2fsck. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-b 1024",
        "-b 2048",
        "-b 1024 -r 0 -O none -I 128",
        "-b 2048 -r 0 -O none -I 128",
        "-b 4096 -r 0 -O none -I 128",
        "-b 1024 -I 1024",
        "-b 2048 -I 2048 -g 4096",
        "-b 4096 -I 4096 -N 1000"
      })
  void namesAgreeWithAMap(String format) throws Exception {
    try (ImageFixture image = image(format)) {
      Random random = new Random(format.hashCode());
      TreeMap<String, String> expected = new TreeMap<>();
      Ext2FileSystem fs = image.mount();
      PathOperations paths = fs.paths();
      List<String> directories = new ArrayList<>(List.of(""));
      for (int step = 0; step < STEPS; step++) {
        image.clock.incrementAndGet();
        String directory = directories.get(random.nextInt(directories.size()));
        String path = directory + "/" + name(random);
        List<String> names =
            expected.entrySet().stream()
                .filter(each -> !each.getValue().equals("directory"))
                .map(TreeMap.Entry::getKey)
                .toList();
        String some = names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
        if (expected.containsKey(path)) {
          continue;
        }
        switch (random.nextInt(10)) {
          case 0 -> {
            if (directories.size() < 6) {
              paths.mkdir(path, 0755);
              directories.add(path);
              expected.put(path, "directory");
            }
          }
          case 1, 2, 3, 4 -> {
            fs.open(path, 0102, 0644).close();
            expected.put(path, "file");
          }
          case 5 -> {
            String target = "t".repeat(1 + random.nextInt(blockBytes(format) - 1));
            paths.symlink(target, path);
            expected.put(path, "-> " + target);
          }
          case 6 -> {
            if (!some.isEmpty()) {
              paths.link(some, path);
              expected.put(path, expected.get(some));
            }
          }
          case 7 -> {
            if (!some.isEmpty()) {
              paths.rename(some, path, 0);
              expected.put(path, expected.remove(some));
            }
          }
          default -> {
            if (!some.isEmpty()) {
              paths.unlink(some);
              expected.remove(some);
            }
          }
        }
      }
      assertThat(tree(fs)).isEqualTo(expected);
      fs.unmount();
      image.assertClean();
      fs = image.mount();
      assertThat(tree(fs)).isEqualTo(expected);
      for (String path : expected.descendingKeySet()) {
        if (expected.get(path).equals("directory")) {
          fs.paths().rmdir(path);
        } else {
          fs.paths().unlink(path);
        }
      }
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("ls -p /").lines().filter(each -> each.matches("/[1-9].*")))
          .as("the root, its parent and lost+found")
          .hasSize(3);
    }
  }

  private static String name(Random random) {
    int length = random.nextInt(4) == 0 ? 1 + random.nextInt(255) : 1 + random.nextInt(20);
    char[] letters = new char[length];
    Arrays.fill(letters, (char) ('a' + random.nextInt(26)));
    return new String(letters);
  }

  private static TreeMap<String, String> tree(Ext2FileSystem fs) throws Exception {
    TreeMap<String, String> found = new TreeMap<>();
    walk(fs, "", found);
    return found;
  }

  private static void walk(Ext2FileSystem fs, String directory, TreeMap<String, String> found)
      throws Exception {
    for (String name : names(fs, directory + "/")) {
      String path = directory + "/" + name;
      switch (fs.paths().stat(path, false).mode() >> 12) {
        case 4 -> {
          if (!name.equals("lost+found")) {
            found.put(path, "directory");
            walk(fs, path, found);
          }
        }
        case 10 -> {
          byte[] target = fs.paths().readlink(path);
          found.put(path, "-> " + new String(target, StandardCharsets.UTF_8));
        }
        default -> found.put(path, "file");
      }
    }
  }

  /** Reads a directory a few entries at a time, without the names of itself and its parent. */
  private static Set<String> names(Ext2FileSystem fs, String path) throws Exception {
    Set<String> names = new TreeSet<>();
    try (OpenFile directory = fs.open(path, 0, 0)) {
      List<DirectoryEntry> entries = directory.readDirectory(0, 5);
      while (!entries.isEmpty()) {
        for (DirectoryEntry each : entries) {
          assertThat(names.add(each.name())).isTrue();
        }
        entries = directory.readDirectory(entries.getLast().next(), 5);
      }
    }
    names.removeAll(Set.of(".", ".."));
    return names;
  }

  @ParameterizedTest
  @ValueSource(strings = {"-b 1024", "-b 2048 -I 128", "-b 4096 -r 0 -O none -I 128"})
  void limitsFollowTheBlock(String format) throws Exception {
    int block = blockBytes(format);
    try (ImageFixture image = image(format)) {
      Ext2FileSystem fs = image.mount();
      PathOperations paths = fs.paths();
      paths.symlink("x".repeat(59), "/fast");
      paths.symlink("x".repeat(60), "/slow");
      paths.symlink("x".repeat(block - 1), "/longest");
      OnImage.assertErrno(Errno.ENAMETOOLONG, () -> paths.symlink("x".repeat(block), "/longer"));
      assertThat(paths.stat("/fast", false).blocks512()).isZero();
      assertThat(paths.stat("/slow", false).blocks512()).isEqualTo(block / 512);
      assertThat(paths.readlink("/longest")).hasSize(block - 1);
      paths.mkdir("/d", 0755);
      assertThat(paths.stat("/d", true).size()).isEqualTo(block);
      assertThat(paths.stat("/d", true).blocks512()).isEqualTo(block / 512);
      byte[] name = "trusted.b".getBytes(StandardCharsets.UTF_8);
      byte[] fits = new byte[block - 32 - 4 - 20];
      Arrays.fill(fits, (byte) 7);
      paths.setXattr("/d", name, fits, 0, true);
      assertThat(paths.getXattr("/d", name, true)).isEqualTo(fits);
      OnImage.assertErrno(
          Errno.ENOSPC, () -> paths.setXattr("/d", name, new byte[fits.length + 4], 0, true));
      assertThat(paths.stat("/d", true).blocks512()).isEqualTo(2L * block / 512);
      // A fast link with a block of attributes is still a fast one.
      byte[] trusted = "trusted.a".getBytes(StandardCharsets.UTF_8);
      paths.setXattr("/fast", trusted, new byte[1], 0, false);
      assertThat(paths.readlink("/fast")).hasSize(59);
      FileSystemUse use = fs.use();
      assertThat(use.blockBytes()).isEqualTo(block);
      String dump = ImageFixture.run(List.of("dumpe2fs", "-h", image.extracted().toString()));
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("stat /longest")).contains("Size: " + (block - 1));
      assertThat(image.debugfs("ea_get /d trusted.b -V")).isNotBlank();
      assertThat(use.blocks()).isEqualTo(number(dump, "Block count:") - overhead(image));
    }
  }

  /** A block is a list of entries of its own, also where it is a part of a page. */
  @Test
  void anEntryAcrossBlocksIsDamage() throws Exception {
    try (ImageFixture image = image("-b 1024")) {
      Ext2FileSystem fs = image.mount();
      fs.paths().mkdir("/d", 0755);
      for (int i = 0; i < 8; i++) {
        fs.paths().mkdir("/d/" + i + "n".repeat(200), 0755);
      }
      assertThat(fs.paths().stat("/d", true).size()).isEqualTo(2048);
      long free = fs.use().freeBlocks();
      fs.unmount();
      String blocks = image.debugfs("blocks /d").lines().skip(1).findFirst().get();
      // The first block's last entry takes the second block's first one in as well.
      long last = (Long.parseLong(blocks.split(" ")[0]) << 10) + 12 + 12 + 3 * 212;
      image.region().putByte(last + 4, (byte) 576);
      image.region().putByte(last + 5, (byte) (576 >> 8));
      Ext2FileSystem damaged = image.mount();
      OnImage.assertErrno(Errno.EIO, () -> damaged.paths().stat("/d/nothing", true));
      assertThat(damaged.errors()).hasSize(1).first().asString().contains("bad entry");
      assertThat(damaged.use().freeBlocks()).isEqualTo(free);
      damaged.unmount();
    }
  }

  /** i_blocks of a fast link counts its block of attributes, in sectors of 512 bytes. */
  @Test
  void aLinkWithAttributesIsStillFast() throws Exception {
    try (ImageFixture image = image("-b 1024")) {
      Ext2FileSystem fs = image.mount();
      fs.paths().symlink("x".repeat(59), "/fast");
      byte[] name = "trusted.a".getBytes(StandardCharsets.UTF_8);
      fs.paths().setXattr("/fast", name, new byte[1], 0, false);
      assertThat(fs.paths().stat("/fast", false).blocks512()).isEqualTo(2);
      assertThat(fs.paths().readlink("/fast")).hasSize(59);
      fs.unmount();
      image.assertClean();
      fs = image.mount();
      assertThat(fs.paths().readlink("/fast")).hasSize(59);
      fs.unmount();
    }
  }

  private static long overhead(ImageFixture image) throws Exception {
    String dump = ImageFixture.run(List.of("dumpe2fs", image.extracted().toString()));
    long overhead = number(dump, "First block:");
    Set<Long> groups = new HashSet<>();
    for (String line : dump.lines().map(String::strip).toList()) {
      if (line.startsWith("Group ")) {
        groups.add((long) groups.size());
        overhead += 2 + number(dump, "Inode blocks per group:");
      }
      if (line.contains("superblock at")) {
        overhead += 1;
        String[] words = line.split("Group descriptors at ");
        String[] range = words[1].split("-");
        overhead += range.length == 1 ? 1 : Long.parseLong(range[1]) - Long.parseLong(range[0]) + 1;
      }
    }
    return overhead;
  }

  private static long number(String dump, String label) {
    return dump.lines()
        .filter(line -> line.startsWith(label))
        .mapToLong(line -> Long.parseLong(line.substring(label.length()).strip()))
        .findFirst()
        .orElseThrow();
  }
}
