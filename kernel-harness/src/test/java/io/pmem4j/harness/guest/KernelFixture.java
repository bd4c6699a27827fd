// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;

/** Real kernels for tests: skips with a reason where there are none, unless they are required. */
final class KernelFixture {
  static final Duration BOOT_BOUND = Duration.ofSeconds(90);

  /** The time limit of a request, unless a test sets another one. */
  static final Duration REQUEST_BOUND = Duration.ofSeconds(60);

  private final Path directory;
  private final Path kernel;
  private final Path initrd;

  private KernelFixture(Path directory, Path kernel, Path initrd) {
    this.directory = directory;
    this.kernel = kernel;
    this.initrd = initrd;
  }

  /** Returns a fixture of the merged kernel, whose guests live in {@code directory}. */
  static KernelFixture open(Path directory) throws IOException {
    return open(directory, "merged");
  }

  /** Returns a fixture of a kernel that {@code qemu/kernel/build} has the name of. */
  static KernelFixture open(Path directory, String kernel) throws IOException {
    Required.programs(QemuProcess.executable());
    try {
      return new KernelFixture(directory, KernelImages.kernel(kernel), KernelImages.initrd());
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
  }

  /** A guest with the agent and an NVDIMM of 64 MiB without a file system. */
  GuestSpec spec() throws IOException {
    Path image = directory.resolve("nvdimm");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    return new GuestSpec(
        kernel, initrd, image, directory.resolve("work"), BOOT_BOUND, REQUEST_BOUND);
  }

  /** Nothing of a guest is left: no child process, no socket, no thread. */
  static void assertNothingLeft(GuestSpec spec) {
    assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
        .as("child processes")
        .isEmpty();
    assertThat(spec.workDirectory().resolve("agent.sock")).doesNotExist();
    assertThat(spec.workDirectory().resolve("qmp.sock")).doesNotExist();
    assertThat(Thread.getAllStackTraces().keySet())
        .as("threads")
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("pmem4j-"));
  }
}
