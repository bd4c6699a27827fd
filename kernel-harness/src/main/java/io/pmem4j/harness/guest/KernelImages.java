// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The kernels and the initramfs of the laboratory, built when the cache lacks them. */
public final class KernelImages {
  /** A kernel takes minutes; an hour is a build that hangs. */
  private static final Duration BUILD_BOUND = Duration.ofHours(1);

  private KernelImages() {}

  /**
   * The bzImage of a named kernel; a first build takes minutes and reports to stderr.
   *
   * @throws GuestException HARNESS_FAULT with the script's last word
   */
  public static Path kernel(String name) throws GuestException {
    return path(GuestFiles.kernelBuild(), name);
  }

  /**
   * The initramfs with the agent.
   *
   * @throws GuestException HARNESS_FAULT with the script's last word
   */
  public static Path initrd() throws GuestException {
    return path(GuestFiles.guestBuild());
  }

  /**
   * The disk with a JVM for {@link GuestJvm}.
   *
   * @throws GuestException HARNESS_FAULT with the script's last word
   */
  public static Path jvmRoot() throws GuestException {
    return path(GuestFiles.jvmRoot());
  }

  /** The names that {@link #kernel} takes, one or more. */
  public static List<String> names() throws GuestException {
    return Script.run(BUILD_BOUND, GuestFiles.kernelBuild(), "--list").stream()
        .map(line -> line.strip().split("\\s", 2)[0])
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private static Path path(Path script, String... arguments) throws GuestException {
    List<String> lines = Script.run(BUILD_BOUND, script, arguments);
    Path path = Path.of(lines.isEmpty() ? "" : lines.getLast());
    if (!Files.isRegularFile(path)) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, script.getFileName() + " named no file: '" + path + "'");
    }
    return path;
  }
}
