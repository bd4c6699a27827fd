// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What to boot and how long to wait for it.
 *
 * @param kernel a bzImage
 * @param initrd an initramfs with the agent as init
 * @param image the backing file of the NVDIMM; its size is a multiple of 2 MiB
 * @param workDirectory one guest's own directory, created if missing: {@code console.log} and, when
 *     the path is short enough, the sockets
 * @param bootTimeout from the start of QEMU to the agent's first word
 * @param requestTimeout of a request that brings none of its own
 * @param append more kernel command line, for instance {@code ext2.lab=unlocked}; may be empty
 */
public record GuestSpec(
    Path kernel,
    Path initrd,
    Path image,
    Path workDirectory,
    Duration bootTimeout,
    Duration requestTimeout,
    String append) {

  /** Long enough for software emulation on a busy machine. */
  public static final Duration DEFAULT_BOOT_TIMEOUT = Duration.ofSeconds(60);

  /** The slowest single operation is an unmount after a full file system. */
  public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(30);

  /** The default time-outs. */
  public GuestSpec(Path kernel, Path initrd, Path image, Path workDirectory) {
    this(kernel, initrd, image, workDirectory, DEFAULT_BOOT_TIMEOUT, DEFAULT_REQUEST_TIMEOUT);
  }

  /** Nothing more on the kernel command line. */
  public GuestSpec(
      Path kernel,
      Path initrd,
      Path image,
      Path workDirectory,
      Duration bootTimeout,
      Duration requestTimeout) {
    this(kernel, initrd, image, workDirectory, bootTimeout, requestTimeout, "");
  }

  /** The same guest with more kernel command line in place of what there was. */
  public GuestSpec withAppend(String newAppend) {
    return new GuestSpec(
        kernel, initrd, image, workDirectory, bootTimeout, requestTimeout, newAppend);
  }

  /** The same guest with another kernel. */
  public GuestSpec withKernel(Path newKernel) {
    return new GuestSpec(
        newKernel, initrd, image, workDirectory, bootTimeout, requestTimeout, append);
  }

  /** The same guest with another initramfs. */
  public GuestSpec withInitrd(Path newInitrd) {
    return new GuestSpec(
        kernel, newInitrd, image, workDirectory, bootTimeout, requestTimeout, append);
  }

  /** The same guest with another NVDIMM. */
  public GuestSpec withImage(Path newImage) {
    return new GuestSpec(
        kernel, initrd, newImage, workDirectory, bootTimeout, requestTimeout, append);
  }

  /** The same guest in another directory. */
  public GuestSpec withWorkDirectory(Path newWorkDirectory) {
    return new GuestSpec(
        kernel, initrd, image, newWorkDirectory, bootTimeout, requestTimeout, append);
  }

  /** The same guest with another bound on its boot. */
  public GuestSpec withBootTimeout(Duration newBootTimeout) {
    return new GuestSpec(
        kernel, initrd, image, workDirectory, newBootTimeout, requestTimeout, append);
  }

  /** The same guest with another default bound on requests. */
  public GuestSpec withRequestTimeout(Duration newRequestTimeout) {
    return new GuestSpec(
        kernel, initrd, image, workDirectory, bootTimeout, newRequestTimeout, append);
  }
}
