// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.ComparableView;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuLauncher;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.kernel.ErrnoNames;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelDifferenceMatcher;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A booted kernel with an emulated NVDIMM. The backing file is shared with the guest: the host
 * rewrites it while the file system is unmounted, and reads it after the unmount.
 *
 * <p>A guest that failed under one program is not trusted with the next: another one is booted.
 */
public final class GuestBackend implements ProgramBackend {
  private static final String MOUNT_POINT = "/mnt";

  /** A kernel that fails more often than this is not worth the minutes. */
  private static final int MAX_BOOTS = 6;

  private static final int LOCKDEP_EVERY = 50;

  private final Kernel kernel;
  private final String name;
  private final GuestSpec spec;
  private final FsImage image;
  private @Nullable Guest guest;

  /** The guest that has been seen to mount with DAX. */
  private @Nullable Guest daxSeen;

  /** The pid of an executor that a program has left as it found it, in the guest; or 0. */
  private int kept;

  /** Records the stores of the guest, while programs cut its power lossily. */
  private @Nullable LossyMedium medium;

  private int boots;
  private int programs;
  private final RequiredCalls calls = new RequiredCalls();
  private final LockdepReadings lockdep = new LockdepReadings();

  private GuestBackend(Kernel kernel, GuestSpec spec, FsImage image) {
    this.kernel = kernel;
    this.name = (spec.launcher() == QemuLauncher.CONTAINER ? "container:" : "guest:") + kernel;
    this.spec = spec;
    this.image = image;
  }

  /**
   * Boots a kernel, with an empty NVDIMM.
   *
   * @param kernel which one
   * @param spec how; its image is made here
   */
  public static GuestBackend boot(Kernel kernel, GuestSpec spec) throws BackendException {
    try {
      GuestBackend backend =
          // Programs run one after the other; a second CPU only makes them wait for it.
          new GuestBackend(kernel, spec.withCpus(1), Mke2fs.allocate(spec.image()));
      backend.guest();
      return backend;
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  /** Returns the path of the guest's NVDIMM in a work directory. */
  public static Path imageIn(Path directory) {
    return directory.resolve("nvdimm.img");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<KernelDifferenceMatcher> differenceMatcher() {
    return kernel.isLater()
        ? Optional.of(new KernelDifferenceMatcher(kernel.differences()))
        : Optional.empty();
  }

  /** Returns the kernel that is booted. */
  public Kernel kernel() {
    return kernel;
  }

  /** Returns the guest, with the file system of a running session mounted; boots one if needed. */
  public Guest guest() throws BackendException {
    Guest running = guest;
    if (running == null) {
      if (boots == MAX_BOOTS) {
        throw BackendException.environment(
            "guest: failed under " + boots + " programs, not booted again", null);
      }
      boots++;
      try {
        running = Guest.start(medium == null ? spec : medium.traced(spec));
      } catch (GuestException e) {
        throw BackendException.boot(e);
      }
      String daxError = running.hello().daxError();
      if (daxError != null) {
        running.close();
        throw BackendException.environment(
            "guest has no DAX device: "
                + daxError
                + (spec.machine().armed() ? "" : "; its NVDIMM is unarmed, hence read-only"),
            null);
      }
      guest = running;
    }
    return running;
  }

  @Override
  public ComparableView view() {
    return DriverLacks.view(kernel);
  }

  @Override
  public Optional<String> lacks(Program program) {
    return DriverLacks.of(kernel, program);
  }

  @Override
  public Session begin(Program program, ImageTemplates templates, KernelChoices choices)
      throws BackendException {
    calls.begin();
    boolean begun = false;
    try {
      record(program.cutsLossily());
      Guest running = guest();
      // No process has the device open now, so the kernel holds no stale page of it.
      templates.of(program.image()).writeTo(image);
      mountAndBegin(running, program, Program.CLOCK_BASE_SECONDS);
      LossyMedium lossy = medium;
      if (lossy != null) {
        lossy.begin(running);
      }
      Session session =
          new GuestSession(this, running, program, choices, Optional.ofNullable(lossy));
      begun = true;
      return session;
    } catch (BackendException e) {
      // The guest is in order; nothing is mounted and no program runs.
      begun = e.mountErrno().isPresent();
      throw e;
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

  /** Boots another guest if its stores are to be recorded now, or no longer. */
  private void record(boolean wanted) throws GuestException, IOException {
    if (wanted == (medium != null)) {
      return;
    }
    endInOrder();
    boots = 0; // asked for, and no sign of a bad kernel
    if (wanted) {
      medium = LossyMedium.prepare(image, spec.workDirectory());
    } else {
      forgetMedium();
    }
  }

  private void forgetMedium() {
    LossyMedium old = medium;
    medium = null;
    if (old != null) {
      old.close();
    }
  }

  private void mountAndBegin(Guest running, Program program, long clock)
      throws GuestException, BackendException {
    Request mount =
        Request.of(WireOp.MOUNT, program.mount().flags())
            .withStrings(
                running.hello().device(),
                MOUNT_POINT,
                kernel.fileSystem(),
                DriverLacks.options(kernel, program))
            .withClock(clock);
    if (program.image().isDamaged()) {
      endKept(running);
      mountDamaged(running, mount);
      requireBegun(
          program, calls.succeed(running, List.of(Request.of(WireOp.BEGIN, program.pid(), 1))));
      return;
    }
    if (!program.hasDax()) {
      FlusherTrace.prepare(running);
    }
    if (program.mayLackBlocksOfDirectories()) {
      NewInodeTrace.prepare(running);
    }
    boolean asked = !program.hasDax() || daxSeen == running;
    if (kept == program.pid() && asked) {
      calls.succeed(running, List.of(mount));
      return;
    }
    endKept(running);
    List<Request> requests = new ArrayList<>(List.of(mount));
    if (!asked) {
      requests.add(Request.of(WireOp.READ_FILE, 65536).withStrings("/proc/mounts"));
    }
    requests.add(Request.of(WireOp.BEGIN, program.pid(), 1));
    List<Response> answers = calls.succeed(running, requests);
    if (!asked) {
      RequiredCalls.requireDax(answers.get(1), MOUNT_POINT, kernel.fileSystem());
      daxSeen = running;
    }
    requireBegun(program, answers);
  }

  private void endKept(Guest running) throws GuestException, BackendException {
    if (kept != 0) {
      kept = 0;
      calls.succeed(running, List.of(Request.of(WireOp.END)));
    }
  }

  /** A mount that the kernel refuses is the outcome of a program that starts on a damaged image. */
  private void mountDamaged(Guest running, Request mount) throws GuestException, BackendException {
    Response mounted = running.request(mount);
    if (mounted.errno() != 0) {
      running.grade(running.request(Request.of(WireOp.KERNEL_LOG)));
      throw BackendException.notMounted(ErrnoNames.of(mounted.errno()), null);
    }
    calls.succeeded(List.of(mount), List.of(mounted));
  }

  private static void requireBegun(Program program, List<Response> answers)
      throws BackendException {
    long pid = answers.getLast().result();
    if (pid != program.pid()) {
      throw BackendException.environment(
          "guest: wanted pid " + program.pid() + ", got " + pid, null);
    }
  }

  /**
   * Ends the guest as a power cut does, repairs the file system as a machine does that starts
   * again, boots another guest on the same NVDIMM, and mounts.
   *
   * @param repair is given the NVDIMM while no guest runs
   * @return the guest that the program goes on in
   */
  Guest cutPower(Program program, long clock, Repair repair) throws BackendException {
    try {
      endInOrder();
      repair.run(image);
      restart();
      Guest running = guest();
      mountAndBegin(running, program, clock);
      return running;
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  /** Repairs the file system of an NVDIMM. */
  @FunctionalInterface
  interface Repair {
    /** Repairs, and compares with what was promised. */
    void run(FsImage image) throws BackendException, IOException;
  }

  /**
   * Ends the executor at the program's time, which files without a name get for their deletion,
   * unmounts, and checks that the kernel is still in order. An executor whose state the program has
   * not changed runs the next program of its pid too: a fork and an exit take a sixth of a short
   * program's time.
   */
  FsImage finish(Guest running, Program program, long clock) throws BackendException {
    try {
      if (mayHaveFrozen(program)) {
        calls.thaw(running, MOUNT_POINT, clock);
      }
      Request unmount = Request.of(WireOp.UMOUNT, 0).withStrings(MOUNT_POINT).withClock(clock);
      Request log = Request.of(WireOp.KERNEL_LOG);
      boolean keeps =
          program.steps().stream()
              .allMatch(step -> step.operation().reach() == Operation.Reach.NONE);
      kept = keeps ? program.pid() : 0;
      List<Response> answers =
          keeps
              ? calls.succeedAsOne(
                  running, List.of(Request.of(WireOp.RELEASE).withClock(clock), unmount, log))
              : calls.succeed(
                  running, List.of(Request.of(WireOp.END).withClock(clock), unmount, log));
      running.grade(answers.getLast());
      if (PoisonedDisk.isLeftBy(program)) {
        calls.succeed(running, PoisonedDisk.forget(running.hello()));
      }
      // Lockdep does not go without a word, which has been graded; asking it itself takes long.
      if (++programs % LOCKDEP_EVERY == 0 && !running.lockdepOn()) {
        throw BackendException.lockdepOff();
      }
      return image;
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  private static boolean mayHaveFrozen(Program program) {
    return program.steps().stream()
        .anyMatch(step -> step.operation().reach().compareTo(Operation.Reach.FILE_SYSTEM) >= 0);
  }

  /**
   * Returns the content of {@code /proc/lockdep} of the kernel that runs now, after that of each
   * one since the last call that was cut off. Those of kernels that failed are lost.
   *
   * @throws BackendException if the kernel cannot be asked
   */
  public List<String> lockdep() throws BackendException {
    try {
      return lockdep.next(guest);
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /** Ends what {@link #lockdep} has begun: kernels are ended unread again. */
  public void stopLockdep() {
    lockdep.stop();
  }

  /**
   * Ends the guest and boots another one, whose lockdep has seen nothing yet.
   *
   * @throws BackendException if it does not boot
   */
  public void restart() throws BackendException {
    try {
      endInOrder();
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
    // Asked for, and no sign of a bad kernel.
    boots--;
    guest();
  }

  private void endInOrder() throws GuestException {
    lockdep.beforeTheEndOf(guest);
    close(guest);
  }

  /** Ends a guest that failed; the next program gets another one. */
  void discard() {
    lockdep.lost(guest);
    close(guest);
  }

  private void close(@Nullable Guest running) {
    guest = null;
    kept = 0;
    if (running != null) {
      running.close();
    }
  }

  /**
   * Returns whether mounting or unmounting for the last program ended after its second, which the
   * image shows.
   */
  boolean late() {
    return view().image() && calls.late();
  }

  /** Returns the path in the guest of a path of a program. */
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
    forgetMedium();
  }
}
