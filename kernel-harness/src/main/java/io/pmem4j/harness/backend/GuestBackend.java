// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.GuestException;
import io.pmem4j.harness.guest.GuestSpec;
import io.pmem4j.harness.guest.Op;
import io.pmem4j.harness.guest.Request;
import io.pmem4j.harness.guest.Response;
import io.pmem4j.harness.program.Program;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A booted kernel with an emulated NVDIMM. The backing file is shared with the guest: the host
 * rewrites it while the file system is unmounted, and reads it after the unmount.
 */
public final class GuestBackend implements Backend {
  private static final String MOUNT_POINT = "/mnt";

  /** mount(2) knows noatime as a flag, not as text for the file system. */
  private static final long MS_NOATIME = 1024;

  private static final String DATA_OPTIONS = "dax,oldalloc,noreservation";

  private final String name;
  private final Guest guest;
  private final FsImage image;

  private GuestBackend(String name, Guest guest, FsImage image) {
    this.name = name;
    this.guest = guest;
    this.image = image;
  }

  /**
   * Boots.
   *
   * @param kernel the kernel's name, as in {@code merged}
   * @param spec how; its image is {@code nvdimm.img} in the directory, which is made here
   */
  public static GuestBackend boot(String kernel, GuestSpec spec) throws BackendException {
    try {
      FsImage image = ImageMaker.allocate(spec.image());
      Guest guest = Guest.start(spec);
      if (guest.hello().daxError() != null) {
        guest.close();
        throw BackendException.environment(
            "guest has no DAX device: " + guest.hello().daxError(), null);
      }
      return new GuestBackend("guest:" + kernel, guest, image);
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  /** Where the guest's NVDIMM lies in a work directory. */
  public static Path imageIn(Path directory) {
    return directory.resolve("nvdimm.img");
  }

  @Override
  public String name() {
    return name;
  }

  /** {@code uname -r} of the kernel that runs. */
  public String kernelRelease() {
    return guest.hello().kernel();
  }

  @Override
  public Session begin(Program program, FsImage pristine) throws BackendException {
    try {
      image.restoreFrom(pristine);
      // The block device's cache still holds what was there before.
      succeed(Request.of(Op.FLUSH_BUFFERS).withStrings(guest.hello().device()));
      mount();
      long pid = succeed(Request.of(Op.BEGIN, program.pid(), 1)).result();
      if (pid != program.pid()) {
        throw BackendException.environment(
            "guest: wanted pid " + program.pid() + ", got " + pid, null);
      }
      return new GuestSession(this, guest);
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  private void mount() throws GuestException, BackendException {
    succeed(
        Request.of(Op.MOUNT, MS_NOATIME)
            .withStrings(guest.hello().device(), MOUNT_POINT, "ext2", DATA_OPTIONS)
            .withClock(CLOCK_BASE_SECONDS));
    Response mounts = succeed(Request.of(Op.READ_FILE, 65536).withStrings("/proc/mounts"));
    // Where DAX is not possible the kernel mounts without it, and says so only here.
    boolean dax =
        new String(mounts.data(), java.nio.charset.StandardCharsets.UTF_8)
            .lines()
            .anyMatch(line -> line.contains(" " + MOUNT_POINT + " ext2 ") && line.contains(",dax"));
    if (!dax) {
      throw BackendException.environment("guest: mounted without DAX", null);
    }
  }

  /** Ends the executor, unmounts, and asks whether the kernel is still in order. */
  FsImage finish(long clock) throws BackendException {
    try {
      succeed(Request.of(Op.END));
      succeed(Request.of(Op.UMOUNT, 0).withStrings(MOUNT_POINT).withClock(clock));
      guest.check();
      if (!guest.lockdepOn()) {
        throw BackendException.lockdepOff();
      }
      return image;
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /**
   * After a failure in the middle: frees the mount point for the next program if that is possible.
   */
  void abandon() {
    try {
      guest.request(Request.of(Op.END));
      guest.request(Request.of(Op.UMOUNT, 0).withStrings(MOUNT_POINT));
    } catch (GuestException e) {
      // The next session will fail with the same outcome, and say so.
    }
  }

  private Response succeed(Request request) throws GuestException, BackendException {
    Response response = guest.request(request);
    if (response.status() != 0 || response.result() < 0) {
      throw BackendException.environment(
          "guest: "
              + request.op()
              + " failed: errno "
              + response.errno()
              + ", status "
              + response.status(),
          new IOException());
    }
    return response;
  }

  /** Where a path of a program lies in the guest. */
  static String inGuest(String path) {
    return MOUNT_POINT + path;
  }

  @Override
  public void close() {
    try {
      guest.stop();
    } catch (GuestException e) {
      // close() below ends the process all the same.
    }
    guest.close();
  }
}
