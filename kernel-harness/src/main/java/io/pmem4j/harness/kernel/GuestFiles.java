// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.kernel;

import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.nio.file.Files;
import java.nio.file.Path;

/** The paths of a guest's parts in the checkout. */
public final class GuestFiles {
  private GuestFiles() {}

  /**
   * The root of the checkout: {@code PMEM4J_HOME}, which the launcher sets, else the nearest
   * directory at or above the working directory with the file {@code pmem4j}.
   *
   * @throws GuestException HARNESS_FAULT when neither is there
   */
  public static Path home() throws GuestException {
    String named = System.getenv("PMEM4J_HOME");
    if (named != null && !named.isEmpty()) {
      return Path.of(named).toAbsolutePath();
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at.resolve("pmem4j"))) {
        return at;
      }
    }
    throw new GuestException(
        GuestOutcome.HARNESS_FAULT, "no checkout of pmem4j here or above; set PMEM4J_HOME to one");
  }

  /** The script that knows QEMU's arguments. */
  public static Path boot() throws GuestException {
    return home().resolve("qemu/guest/boot");
  }

  /** The script that binds a process to the life of its parent. */
  public static Path tether() throws GuestException {
    return home().resolve("qemu/guest/tethered");
  }

  /** The script that builds the initramfs. */
  static Path guestBuild() throws GuestException {
    return home().resolve("qemu/guest/build");
  }

  /** The script that builds the disk with a JVM. */
  static Path jvmRoot() throws GuestException {
    return home().resolve("qemu/guest/jvm-root");
  }

  /** The script that gets a QEMU with plugins, and builds ours. */
  public static Path tracerBuild() throws GuestException {
    return home().resolve("qemu/tracer/build");
  }

  /** The script that makes the container image with QEMU. */
  public static Path containerBuild() throws GuestException {
    return home().resolve("qemu/container/build");
  }

  /** The script that builds kernels. */
  static Path kernelBuild() throws GuestException {
    return home().resolve("qemu/kernel/build");
  }
}
