// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.guest.qemu.GuestMachine;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --machine} of the verbs that boot a guest. */
final class MachineOption {
  @Option(
      names = "--machine",
      paramLabel = "ROW",
      description = {
        "the guest's hardware, words separated by commas: domain=cpu, domain=memory or domain=none,"
            + " the persistence domain that the firmware states; unarmed, NVDIMMs that cannot save"
            + " their content; cxl, alone, a memory device behind CXL in the place of the NVDIMM, for"
            + " kernel 6.12 (default: domain=none)"
      })
  private @Nullable String row;

  MachineOption() {}

  boolean isGiven() {
    return row != null;
  }

  /**
   * Returns the hardware that was asked for, or the default.
   *
   * @throws IllegalArgumentException if the row cannot be understood
   */
  GuestMachine chosen() {
    return row == null ? GuestMachine.DEFAULT : GuestMachine.parse(row);
  }
}
