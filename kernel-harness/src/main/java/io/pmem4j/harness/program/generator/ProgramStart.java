// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.ImageSetup;
import io.pmem4j.harness.program.ImageShape;
import java.util.ArrayList;
import java.util.List;

/**
 * A file system that a generated program starts from. There are few, so that each image is made
 * once for many programs.
 *
 * @param image the file system
 * @param paths its files
 */
record ProgramStart(ImageShape image, List<String> paths) {
  private static final ProgramStart EMPTY = new ProgramStart(ImageShape.DEFAULT, List.of());

  private static final List<String> SMALL =
      List.of("8m", "8m group=256", "8m group=1024", "12m group=512", "8m inodes=16");

  /** Small files, one with a hole, one with an indirect block, one in a directory. */
  private static final List<String> FILES =
      List.of(
          "file /p x70*20000",
          "file /q x71*5000 3P",
          "file /r x72*9000 1040P",
          "debugfs mkdir /d",
          "file /d/x x64*100");

  private static final List<List<String>> PREPARED =
      List.of(
          List.of(),
          List.of("debugfs sif /p flags 0x10"),
          List.of("debugfs sif /p flags 0x20", "debugfs sif /q flags 0x8"),
          List.of("debugfs sif /q mode 0100000", "debugfs sif /p uid 1000"),
          // No driver has these numbers.
          List.of("debugfs mknod t c 60 1", "debugfs mknod s b 60 2"));

  private static final List<String> DAMAGE =
      List.of(
          // Pointers of the tree past the end of the file system.
          "sif /r block[DIND] 99999",
          "sif /p block[IND] 99999",
          // Inodes.
          "sif /q links_count 0",
          "sif /q mode 0",
          "sif /p size 100000000",
          "sif /p blocks 3",
          "clri /q",
          // Counts and bitmaps.
          "setb 200 900",
          // Blocks of the inode table: they are given out twice.
          "freeb 60 20",
          "ssv free_blocks_count 5",
          "ssv free_inodes_count 0",
          "set_bg 0 free_blocks_count 0",
          "set_bg 0 free_inodes_count 0",
          // Directories.
          "sif <2> block[0] 99999",
          "sif /d block[0] 4",
          // Damage that mount(2) refuses.
          "ssv inodes_per_group 7",
          "ssv blocks_per_group 8",
          "ssv log_block_size 9",
          "ssv feature_incompat 0x1000",
          "set_bg 0 block_bitmap 99999",
          "set_bg 0 inode_table 99999");

  /** Returns a start; half of them are the empty file system of 64 MiB. */
  static ProgramStart choose(GeneratedValues values) {
    return switch (values.below(20)) {
      case 0, 1, 2, 3 -> of(values.of(SMALL), List.of(), List.of());
      case 4, 5, 6 -> of(values.of(List.of("8m", "8m group=256")), FILES, values.of(PREPARED));
      case 7, 8, 9 -> of("8m", FILES, List.of("damage " + values.of(DAMAGE)));
      default -> EMPTY;
    };
  }

  private static ProgramStart of(String shape, List<String> files, List<String> changes) {
    List<ImageSetup> setup = new ArrayList<>();
    files.forEach(line -> setup.add(ImageSetup.parse(line)));
    changes.forEach(line -> setup.add(ImageSetup.parse(line)));
    List<String> paths =
        setup.stream()
            .filter(line -> line.kind() == ImageSetup.Kind.FILE)
            .map(line -> line.file().path())
            .toList();
    return new ProgramStart(ImageShape.parse(shape).withSetup(setup), paths);
  }

  /** Returns whether a few writes fill the file system. */
  boolean isSmall() {
    return image.bytes() <= 8 << 20;
  }

  /** Returns the names before the first step. */
  LikelyTree tree() {
    return new LikelyTree(image.setup());
  }

  /**
   * Returns whether the names after some steps are the likely ones: nothing is damaged, and there
   * is space.
   */
  boolean knowsNames() {
    return image.bytes() == ImageShape.MAX_BYTES;
  }
}
