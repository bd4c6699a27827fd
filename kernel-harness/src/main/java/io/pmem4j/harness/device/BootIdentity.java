// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.nio.file.Path;

/**
 * The run of the kernel that answers.
 *
 * @param bootId another one after each boot: a power cut that leaves it did not happen
 * @param release of the kernel
 * @param commandLine of the kernel
 */
public record BootIdentity(String bootId, String release, String commandLine) {
  private static final String UNKNOWN = "unknown";

  /** Returns the identity of the running kernel. */
  public static BootIdentity current() {
    return read(Path.of("/proc"));
  }

  /**
   * Returns the identity of a kernel.
   *
   * @param proc where proc is mounted, or a copy of it
   */
  public static BootIdentity read(Path proc) {
    SysfsFolder folder = new SysfsFolder(proc);
    return new BootIdentity(
        folder.read("sys/kernel/random/boot_id").orElse(UNKNOWN),
        folder.read("sys/kernel/osrelease").orElse(UNKNOWN),
        folder.read("cmdline").orElse(""));
  }
}
