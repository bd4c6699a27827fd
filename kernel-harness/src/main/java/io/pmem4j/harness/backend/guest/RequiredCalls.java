// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.util.List;

/** The requests that a backend makes for itself: each must succeed, and may end late. */
final class RequiredCalls {
  private boolean late;

  /** Begins the calls for another program. */
  void begin() {
    late = false;
  }

  /** Returns whether a call for this program ended after its second. */
  boolean late() {
    return late;
  }

  /** Makes the calls one by one. */
  List<Response> succeed(Guest guest, List<Request> requests)
      throws GuestException, BackendException {
    return succeeded(requests, guest.request(requests, GuestSpec.DEFAULT_REQUEST_TIMEOUT));
  }

  /** Makes the calls in one frame, which one process answers. */
  List<Response> succeedAsOne(Guest guest, List<Request> requests)
      throws GuestException, BackendException {
    return succeeded(requests, GuestSession.ask(guest, requests));
  }

  List<Response> succeeded(List<Request> requests, List<Response> responses)
      throws BackendException {
    for (int i = 0; i < requests.size(); i++) {
      Response response = responses.get(i);
      late |= response.isLate();
      if ((response.status() != 0 && !response.isLate()) || response.result() < 0) {
        throw BackendException.environment(
            "guest: "
                + requests.get(i).op().name()
                + " failed: errno "
                + response.errno()
                + ", status "
                + response.status(),
            null);
      }
    }
    return responses;
  }

  /**
   * Checks that the mount has DAX: if the device cannot do DAX, the kernel mounts without it and
   * reports that only here.
   *
   * @param mounts the content of /proc/mounts
   */
  static void requireDax(Response mounts, String mountPoint) throws BackendException {
    boolean dax =
        mounts
            .text()
            .lines()
            .anyMatch(line -> line.contains(" " + mountPoint + " ext2 ") && line.contains(",dax"));
    if (!dax) {
      throw BackendException.environment("guest: mounted without DAX", null);
    }
  }
}
