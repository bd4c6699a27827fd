// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import io.pmem4j.harness.wire.GuestException;

/** The place where QEMU runs. */
public enum QemuLauncher {
  /** A child process, killed by the kernel when this JVM ends, however it ends. */
  PROCESS {
    @Override
    public Qemu start(GuestSpec spec) throws GuestException {
      return QemuProcess.start(spec);
    }
  },
  /** A container without network and privileges, which ends with this JVM too. */
  CONTAINER {
    @Override
    public Qemu start(GuestSpec spec) throws GuestException {
      return QemuContainer.start(spec);
    }
  };

  /**
   * Starts QEMU; its output waits in {@link Qemu#output}.
   *
   * @throws GuestException HARNESS_FAULT when it cannot be started; then nothing is left running
   */
  public abstract Qemu start(GuestSpec spec) throws GuestException;
}
