// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Program;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that give programs another mount or blocks of another size. */
final class VariantOptions {
  @Mixin private MountOption mount = new MountOption();

  @Option(
      names = {"-b", "--block-size"},
      paramLabel = "BYTES",
      description =
          "of a block, 1024, 2048 or 4096, for programs that name no size; DAX is possible with 4096"
              + " alone")
  private int blockBytes = ImageShape.DEFAULT.blockBytes();

  VariantOptions() {}

  boolean areGiven() {
    return mount.isGiven() || blockBytes != ImageShape.DEFAULT.blockBytes();
  }

  /** Requires options that are understood: {@link IllegalArgumentException}. */
  void requireKnown() {
    mount.chosen();
    ImageShape.DEFAULT.withBlocksOf(blockBytes);
  }

  /**
   * Returns a program with the mount and the blocks.
   *
   * @throws IllegalArgumentException if the program's image cannot have such blocks
   */
  Program of(Program program) {
    return program.with(mount.chosen()).withBlocksOf(blockBytes);
  }
}
