// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.program.ProgramMount;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that mounts programs with more options than they name. */
final class MountOption {
  @Option(
      names = "--mount",
      paramLabel = "OPTIONS",
      description = {
        "mount with these options too, whatever a program names: orlov, reservation, relatime,",
        "strictatime, defaults for three that ext2 has by itself, or nodax"
      })
  private @Nullable String mount;

  MountOption() {}

  boolean isGiven() {
    return mount != null;
  }

  /**
   * Returns the options, none by default.
   *
   * @throws IllegalArgumentException naming one that is unknown
   */
  ProgramMount chosen() {
    return mount == null ? ProgramMount.DEFAULT : ProgramMount.parse(mount);
  }
}
