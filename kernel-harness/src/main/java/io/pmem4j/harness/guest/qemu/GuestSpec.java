// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import io.pmem4j.harness.guest.trace.Tracer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The parts and time limits of a guest to boot. Immutable. */
public final class GuestSpec implements Cloneable {
  /** Long enough for software emulation on a busy machine. */
  public static final Duration DEFAULT_BOOT_TIMEOUT = Duration.ofSeconds(60);

  /** The slowest single operation is an unmount after a full file system. */
  public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(30);

  private Path kernel;
  private Path initrd;
  private Path image;
  private Path workDirectory;
  private Duration bootTimeout = DEFAULT_BOOT_TIMEOUT;
  private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
  private String append = "";
  private int cpus = 2;
  private int memoryMebibytes = 512;
  private long imageBytes;
  private @Nullable Path secondImage;
  private List<Path> disks = List.of();
  private QemuLauncher launcher = QemuLauncher.PROCESS;
  private GuestMachine machine = GuestMachine.DEFAULT;
  private @Nullable Tracing tracing;

  /**
   * The recording of a guest's stores.
   *
   * @param tracer the QEMU and the plugin
   * @param file the trace, which exists
   */
  public record Tracing(Tracer tracer, Path file) {}

  /** Two CPUs, the default time-outs, and nothing more on the kernel command line. */
  public GuestSpec(Path kernel, Path initrd, Path image, Path workDirectory) {
    this.kernel = Objects.requireNonNull(kernel);
    this.initrd = Objects.requireNonNull(initrd);
    this.image = Objects.requireNonNull(image);
    this.workDirectory = Objects.requireNonNull(workDirectory);
  }

  /** As the shorter one, with time-outs. */
  public GuestSpec(
      Path kernel,
      Path initrd,
      Path image,
      Path workDirectory,
      Duration bootTimeout,
      Duration requestTimeout) {
    this(kernel, initrd, image, workDirectory);
    this.bootTimeout = bootTimeout;
    this.requestTimeout = requestTimeout;
  }

  private GuestSpec with(Consumer<GuestSpec> change) {
    try {
      GuestSpec copy = (GuestSpec) clone();
      change.accept(copy);
      return copy;
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the path of the bzImage. */
  public Path kernel() {
    return kernel;
  }

  /** An initramfs with the agent as init. */
  public Path initrd() {
    return initrd;
  }

  /** The backing file of the NVDIMM; its size is a multiple of 2 MiB. */
  public Path image() {
    return image;
  }

  /**
   * One guest's own directory, created if missing: {@code console.log} and, when the path is short
   * enough, the sockets.
   */
  public Path workDirectory() {
    return workDirectory;
  }

  /** From the start of QEMU to the agent's first word. */
  public Duration bootTimeout() {
    return bootTimeout;
  }

  /** Of a request that brings none of its own. */
  public Duration requestTimeout() {
    return requestTimeout;
  }

  /** More kernel command line, for instance {@code ext2.lab=unlocked}; may be empty. */
  public String append() {
    return append;
  }

  /** Returns the number of CPUs, unless PMEM4J_SMP sets another one; at least 1. */
  public int cpus() {
    return cpus;
  }

  /** The guest's memory besides its NVDIMMs, unless PMEM4J_MEMORY says otherwise; MiB. */
  public int memoryMebibytes() {
    return memoryMebibytes;
  }

  /** Returns the length in bytes that the first NVDIMM's file must have; 0 for any length. */
  public long imageBytes() {
    return imageBytes;
  }

  /** The backing file of a second NVDIMM, which boots as a raw namespace; null for none. */
  public @Nullable Path secondImage() {
    return secondImage;
  }

  /** Disks that the guest reads: {@code /dev/vda} and on. */
  public List<Path> disks() {
    return disks;
  }

  /** Returns the launcher of QEMU; a child process by default. */
  public QemuLauncher launcher() {
    return launcher;
  }

  /** Returns the emulated hardware. */
  public GuestMachine machine() {
    return machine;
  }

  /** Returns this spec with other hardware. */
  public GuestSpec withMachine(GuestMachine newMachine) {
    return with(spec -> spec.machine = newMachine);
  }

  /** Returns the recording of stores; null for none. */
  public @Nullable Tracing tracing() {
    return tracing;
  }

  /** Returns this spec with its stores recorded, hence with one CPU and under TCG. */
  public GuestSpec withTracing(Tracing newTracing) {
    return with(spec -> {
      spec.tracing = newTracing;
      spec.cpus = 1;
    });
  }

  /** The same guest with QEMU elsewhere. */
  public GuestSpec withLauncher(QemuLauncher newLauncher) {
    return with(spec -> spec.launcher = newLauncher);
  }

  /** The same guest with another kernel. */
  public GuestSpec withKernel(Path newKernel) {
    return with(spec -> spec.kernel = newKernel);
  }

  /** The same guest with another initramfs. */
  public GuestSpec withInitrd(Path newInitrd) {
    return with(spec -> spec.initrd = newInitrd);
  }

  /** The same guest with another NVDIMM. */
  public GuestSpec withImage(Path newImage) {
    return with(spec -> spec.image = newImage);
  }

  /** The same guest, refused (WRONG_IMAGE_SIZE) unless its NVDIMM has this many bytes. */
  public GuestSpec withImageBytes(long newBytes) {
    return with(spec -> spec.imageBytes = newBytes);
  }

  /** The same guest in another directory. */
  public GuestSpec withWorkDirectory(Path newWorkDirectory) {
    return with(spec -> spec.workDirectory = newWorkDirectory);
  }

  /** The same guest with another bound on its boot. */
  public GuestSpec withBootTimeout(Duration newBootTimeout) {
    return with(spec -> spec.bootTimeout = newBootTimeout);
  }

  /** Returns this spec with another kernel command line appended. */
  public GuestSpec withAppend(String newAppend) {
    return with(spec -> spec.append = newAppend);
  }

  /**
   * The same guest with another number of CPUs. One makes everything faster that waits for other
   * CPUs, an unmount four times; two are for tasks that run at the same time.
   */
  public GuestSpec withCpus(int newCpus) {
    if (newCpus < 1) {
      throw new IllegalArgumentException("a guest needs at least one CPU");
    }
    return with(spec -> spec.cpus = newCpus);
  }

  /** The same guest with other memory, at least 64 MiB. */
  public GuestSpec withMemoryMebibytes(int newMemory) {
    if (newMemory < 64) {
      throw new IllegalArgumentException("a guest needs at least 64 MiB");
    }
    return with(spec -> spec.memoryMebibytes = newMemory);
  }

  /** The same guest with a second NVDIMM; its file's size is a multiple of 2 MiB. */
  public GuestSpec withSecondImage(Path newImage) {
    return with(spec -> spec.secondImage = newImage);
  }

  /** Returns this spec with other disks; the files must not change while the guest runs. */
  public GuestSpec withDisks(List<Path> newDisks) {
    List<Path> copy = List.copyOf(newDisks);
    return with(spec -> spec.disks = copy);
  }
}
