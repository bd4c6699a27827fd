// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuLauncher;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.nio.file.Path;
import java.time.Duration;

/** A JVM of its own for {@link GuestShutdownIT}: boots, prints QEMU's pid, waits in a request. */
final class BootAndWait {
  private BootAndWait() {}

  /** Kernel, initrd, image, work directory, and where QEMU runs unless it is a process. */
  public static void main(String[] args) throws GuestException {
    Guest guest =
        Guest.start(
            new GuestSpec(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), Path.of(args[3]))
                .withLauncher(
                    args.length == 5 ? QemuLauncher.valueOf(args[4]) : QemuLauncher.PROCESS));
    System.out.println(guest.pid());
    guest.request(
        Request.of(WireOp.EXEC, 600_000).withStrings("/bin/sleep", "600"), Duration.ofMinutes(10));
  }
}
