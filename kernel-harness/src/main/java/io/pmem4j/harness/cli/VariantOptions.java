// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramMount;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that give programs another mount or blocks of another size. */
final class VariantOptions {
  @Option(
      names = "--mount",
      paramLabel = "OPTIONS",
      description =
          "mount programs with these options too, whatever they name: nodax, orlov, reservation,"
              + " relatime, strictatime, or defaults for the three that ext2 has by itself")
  private @Nullable String mount;

  @Option(
      names = {"-b", "--block-size"},
      paramLabel = "BYTES",
      description =
          "of a block, 1024, 2048 or 4096, for programs that name no size; DAX is possible with 4096"
              + " alone")
  private int blockBytes = 4096;

  VariantOptions() {}

  boolean areGiven() {
    return mount != null || blockBytes != 4096;
  }

  /** Requires options that are understood: {@link IllegalArgumentException}. */
  void requireKnown() {
    more();
    ImageShape.DEFAULT.withBlocksOf(blockBytes);
  }

  private ProgramMount more() {
    return mount == null ? ProgramMount.DEFAULT : ProgramMount.parse(mount);
  }

  /**
   * Returns a program with the mount and the blocks.
   *
   * @throws IllegalArgumentException if the program's image cannot have such blocks
   */
  Program of(Program program) {
    return program.with(more()).withBlocksOf(blockBytes);
  }
}
