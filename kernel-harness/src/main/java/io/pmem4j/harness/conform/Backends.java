// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.backend.host.HostBackend;
import io.pmem4j.harness.backend.model.ModelBackend;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuLauncher;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Everything one run needs: a work directory, the image programs start from, the backends. */
public final class Backends implements AutoCloseable {
  private static final String GUEST = "guest:";
  private static final String CONTAINER = "container:";
  private static final String HOST = "host:";
  private static final String MODEL = "model";

  private final WorkDirectory directory;
  private final ImageTemplates templates;
  private final E2fsck e2fsck;
  private final List<ProgramBackend> backends = new ArrayList<>();

  private Backends(WorkDirectory directory) {
    this.directory = directory;
    this.templates = new ImageTemplates(directory.path());
    this.e2fsck = new E2fsck(directory.path());
  }

  /**
   * Opens backends by name.
   *
   * @param names {@code model}, {@code guest:KERNEL}, {@code container:KERNEL}, {@code
   *     host:DIRECTORY}; check with {@link #requireKnown} first
   * @param scheduler of the model
   * @param exclusive true if the directories are roots of mounts without other users
   * @param machine the hardware of the kernels' guests
   */
  public static Backends open(
      List<String> names, Scheduler scheduler, boolean exclusive, GuestMachine machine)
      throws BackendException {
    Backends backends = null;
    boolean open = false;
    try {
      WorkDirectory directory = new WorkDirectory();
      backends = new Backends(directory);
      for (String name : names) {
        backends.backends.add(backends.backend(name, names, scheduler, exclusive, machine));
      }
      open = true;
      return backends;
    } catch (IOException e) {
      throw BackendException.environment(String.valueOf(e.getMessage()), e);
    } finally {
      if (!open && backends != null) {
        backends.close();
      }
    }
  }

  /**
   * Checks the names of backends.
   *
   * @throws IllegalArgumentException naming the first that is unknown, incomplete or there twice,
   *     and what there is
   */
  public static void requireKnown(List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new IllegalArgumentException("the backend '" + name + "' is named twice");
      }
      if (name.equals(HOST)) {
        throw new IllegalArgumentException("host: names no directory; host:DIRECTORY does");
      }
      if (isKernel(name)) {
        kernel(name);
      } else if (!name.startsWith(HOST) && !name.equals(MODEL)) {
        throw new IllegalArgumentException(
            "unknown backend '"
                + name
                + "': model, host:DIRECTORY, container:KERNEL, guest:"
                + String.join(", guest:", Kernel.labels()));
      }
    }
    List<Kernel> kernels = kernels(names);
    if (names.contains(MODEL) && kernels.stream().map(Kernel::profile).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "the model follows one kernel, and these have different fault handlers: " + kernels);
    }
  }

  private static boolean isKernel(String name) {
    return name.startsWith(GUEST) || name.startsWith(CONTAINER);
  }

  private static Kernel kernel(String name) {
    return Kernel.of(name.substring(name.indexOf(':') + 1));
  }

  private static List<Kernel> kernels(List<String> names) {
    return names.stream().filter(Backends::isKernel).map(Backends::kernel).toList();
  }

  /** The kernel that the model is to be like. */
  private static Kernel modelled(List<String> names) {
    List<Kernel> kernels = kernels(names);
    return kernels.isEmpty() ? Kernel.MERGED : kernels.getFirst();
  }

  /** Opens backends by name, without a directory of the running kernel that is given away. */
  public static Backends open(List<String> names, Scheduler scheduler) throws BackendException {
    return open(names, scheduler, false);
  }

  /** Opens backends by name, with the default hardware. */
  public static Backends open(List<String> names, Scheduler scheduler, boolean exclusive)
      throws BackendException {
    return open(names, scheduler, exclusive, GuestMachine.DEFAULT);
  }

  /**
   * Checks that a machine is asked for where a kernel is booted.
   *
   * @throws IllegalArgumentException if none of the backends boots a kernel
   */
  public static void requireBooted(List<String> names, GuestMachine machine) {
    if (names.stream().noneMatch(Backends::isKernel)) {
      throw new IllegalArgumentException(
          "the machine "
              + machine
              + " needs a backend that boots a kernel, such as guest:merged; found "
              + String.join(",", names));
    }
  }

  /** Returns the spec of the guest that boots a kernel in a work directory. */
  public static GuestSpec spec(Kernel kernel, WorkDirectory directory) throws GuestException {
    return new GuestSpec(
            KernelImages.kernel(kernel.image()),
            KernelImages.initrd(),
            GuestBackend.imageIn(directory.path()),
            directory.path())
        .withAppend(kernel.append());
  }

  private ProgramBackend backend(
      String name, List<String> names, Scheduler scheduler, boolean exclusive, GuestMachine machine)
      throws BackendException {
    if (name.startsWith(HOST)) {
      return HostBackend.open(Path.of(name.substring(HOST.length())), exclusive);
    }
    if (name.equals(MODEL)) {
      return new ModelBackend(directory.path(), scheduler, modelled(names));
    }
    Kernel kernel = kernel(name);
    try {
      QemuLauncher launcher =
          name.startsWith(CONTAINER) ? QemuLauncher.CONTAINER : QemuLauncher.PROCESS;
      GuestSpec spec = spec(kernel, directory).withLauncher(launcher).withMachine(machine);
      return GuestBackend.boot(kernel, spec);
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /** The images that programs start from. */
  public ImageTemplates templates() {
    return templates;
  }

  /** Returns the judge of the images that programs leave. */
  public E2fsck e2fsck() {
    return e2fsck;
  }

  /** The backends in the order asked for. */
  public List<ProgramBackend> all() {
    return List.copyOf(backends);
  }

  @Override
  public void close() {
    backends.forEach(ProgramBackend::close);
    directory.close();
  }
}
