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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A booted kernel with an emulated NVDIMM. The backing file is shared with the guest: the host
 * rewrites it while the file system is unmounted, and reads it after the unmount.
 *
 * <p>A guest that failed under one program is not trusted with the next: another one is booted.
 */
public final class GuestBackend implements Backend {
  private static final String MOUNT_POINT = "/mnt";

  /** mount(2) knows noatime as a flag, not as text for the file system. */
  private static final long MS_NOATIME = 1024;

  private static final String DATA_OPTIONS = "dax,oldalloc,noreservation";

  /** A kernel that fails more often than this is not worth the minutes. */
  private static final int MAX_BOOTS = 6;

  private final Kernel kernel;
  private final String name;
  private final GuestSpec spec;
  private final FsImage image;
  private @Nullable Guest guest;
  private int boots;

  private GuestBackend(Kernel kernel, GuestSpec spec, FsImage image) {
    this.kernel = kernel;
    this.name = "guest:" + kernel;
    this.spec = spec;
    this.image = image;
  }

  /**
   * Boots.
   *
   * @param kernel which one
   * @param spec how; its image is made here
   */
  public static GuestBackend boot(Kernel kernel, GuestSpec spec) throws BackendException {
    try {
      GuestBackend backend = new GuestBackend(kernel, spec, ImageMaker.allocate(spec.image()));
      backend.running();
      return backend;
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

  Kernel kernel() {
    return kernel;
  }

  private Guest running() throws BackendException {
    Guest running = guest;
    if (running == null) {
      if (boots == MAX_BOOTS) {
        throw BackendException.environment(
            "guest: failed under " + boots + " programs, not booted again", null);
      }
      boots++;
      try {
        running = Guest.start(spec);
      } catch (GuestException e) {
        throw BackendException.boot(e);
      }
      String daxError = running.hello().daxError();
      if (daxError != null) {
        running.close();
        throw BackendException.environment("guest has no DAX device: " + daxError, null);
      }
      guest = running;
    }
    return running;
  }

  @Override
  public Session begin(Program program, FsImage pristine, KernelChoices choices)
      throws BackendException {
    Guest running = running();
    boolean begun = false;
    try {
      image.restoreFrom(pristine);
      // The block device's cache still holds what was there before.
      succeed(running, Request.of(Op.FLUSH_BUFFERS).withStrings(running.hello().device()));
      mount(running);
      long pid = succeed(running, Request.of(Op.BEGIN, program.pid(), 1)).result();
      if (pid != program.pid()) {
        throw BackendException.environment(
            "guest: wanted pid " + program.pid() + ", got " + pid, null);
      }
      Session session = new GuestSession(this, running, choices);
      begun = true;
      return session;
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    } finally {
      if (!begun) {
        discard();
      }
    }
  }

  private static void mount(Guest guest) throws GuestException, BackendException {
    succeed(
        guest,
        Request.of(Op.MOUNT, MS_NOATIME)
            .withStrings(guest.hello().device(), MOUNT_POINT, "ext2", DATA_OPTIONS)
            .withClock(CLOCK_BASE_SECONDS));
    Response mounts = succeed(guest, Request.of(Op.READ_FILE, 65536).withStrings("/proc/mounts"));
    // Where DAX is not possible the kernel mounts without it, and says so only here.
    boolean dax =
        new String(mounts.data(), StandardCharsets.UTF_8)
            .lines()
            .anyMatch(line -> line.contains(" " + MOUNT_POINT + " ext2 ") && line.contains(",dax"));
    if (!dax) {
      throw BackendException.environment("guest: mounted without DAX", null);
    }
  }

  /** Ends the executor, unmounts, and asks whether the kernel is still in order. */
  FsImage finish(Guest running, long clock) throws BackendException {
    try {
      succeed(running, Request.of(Op.END));
      succeed(running, Request.of(Op.UMOUNT, 0).withStrings(MOUNT_POINT).withClock(clock));
      running.check();
      if (!running.lockdepOn()) {
        throw BackendException.lockdepOff();
      }
      return image;
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /** Lets go of a guest that nobody should trust any more. */
  void discard() {
    Guest running = guest;
    guest = null;
    if (running != null) {
      running.close();
    }
  }

  private static Response succeed(Guest guest, Request request)
      throws GuestException, BackendException {
    Response response = guest.request(request);
    if (response.status() != 0 || response.result() < 0) {
      throw BackendException.environment(
          "guest: "
              + request.op()
              + " failed: errno "
              + response.errno()
              + ", status "
              + response.status(),
          null);
    }
    return response;
  }

  /** Where a path of a program lies in the guest. */
  static String inGuest(String path) {
    return MOUNT_POINT + path;
  }

  @Override
  public void close() {
    Guest running = guest;
    guest = null;
    if (running != null) {
      try {
        running.stop();
      } catch (GuestException e) {
        // close() below ends the process all the same.
      }
      running.close();
    }
  }
}
