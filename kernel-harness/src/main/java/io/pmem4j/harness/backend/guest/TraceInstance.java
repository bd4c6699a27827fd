// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.ext2.Errno;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;

/** A buffer of trace events beside the kernel's own, with events of its own. */
final class TraceInstance {
  private TraceInstance() {}

  /** Makes an instance in a guest; returns false if there is one already. */
  static boolean make(Guest guest, String directory) throws GuestException, BackendException {
    Response made = guest.request(Request.of(Syscall.MKDIR, 0700).withStrings(directory));
    if (made.errno() == Errno.EEXIST.number()) {
      return false;
    }
    if (made.errno() != 0) {
      throw BackendException.environment("guest: no trace of its own: " + made.errno(), null);
    }
    return true;
  }
}
