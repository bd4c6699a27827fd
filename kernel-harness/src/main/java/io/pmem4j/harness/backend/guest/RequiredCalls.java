// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.ext2.Errno;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.program.Syscall;
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
  static void requireDax(Response mounts, String mountPoint, String fileSystem)
      throws BackendException {
    String mount = " " + mountPoint + " " + fileSystem + " ";
    boolean dax =
        mounts.text().lines().anyMatch(line -> line.contains(mount) && line.contains(",dax"));
    if (!dax) {
      throw BackendException.environment("guest: mounted without DAX", null);
    }
  }

  /**
   * Thaws before anything is closed or killed. A task that waits for the thaw cannot be killed, and
   * umount(2) of a frozen file system leaves the superblock active: the next mount of the device
   * would be that frozen superblock.
   */
  void thaw(Guest running, String mountPoint, long clock) throws GuestException, BackendException {
    Request asRoot = Request.of(Syscall.BECOME, 0, 0);
    Request thaw = Request.of(Syscall.THAW).withStrings(mountPoint).withClock(clock);
    List<Response> answers =
        running.request(List.of(asRoot, thaw), GuestSpec.DEFAULT_REQUEST_TIMEOUT);
    succeeded(List.of(asRoot), answers.subList(0, 1));
    if (answers.getLast().errno() != Errno.EINVAL.number()) {
      succeeded(List.of(thaw), answers.subList(1, 2));
    }
  }
}
