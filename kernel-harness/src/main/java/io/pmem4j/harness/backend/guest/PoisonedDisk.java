// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.guest.Handshake;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.util.List;

/** The unreadable sectors that a program leaves on the guest's disk. */
final class PoisonedDisk {
  private static final String DRIVER = "/sys/bus/nd/drivers/nd_pmem/";

  private PoisonedDisk() {}

  /** Returns whether a program may have marked blocks as unreadable. */
  static boolean isLeftBy(Program program) {
    return program.steps().stream().anyMatch(step -> step.operation().isCall(Syscall.POISON));
  }

  /**
   * Returns requests after which every sector is readable, for an unmounted disk. QEMU's NVDIMM has
   * no command that clears errors; the list lives as long as the driver's device.
   */
  static List<Request> forget(Handshake hello) {
    return List.of(
        Request.of(WireOp.WRITE_FILE).withStrings(DRIVER + "unbind", hello.namespace()),
        Request.of(WireOp.WRITE_FILE).withStrings(DRIVER + "bind", hello.namespace()));
  }
}
