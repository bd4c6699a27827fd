// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.kernel;

import io.pmem4j.harness.guest.GuestJvm;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** The kernels and the initramfs of the harness, built if the cache lacks them. */
public final class KernelImages {
  /** A kernel takes minutes; an hour is a build that hangs. */
  private static final Duration BUILD_BOUND = Duration.ofHours(1);

  /** The script's status when neither the pinned version nor a newer one can be had. */
  private static final int NOT_TO_BE_HAD = 4;

  /** The file beside a bzImage that is not of the pinned version. */
  private static final String UNPINNED = "unpinned";

  /** Ends the line of a kernel that is built when it is asked for alone. */
  private static final String ON_DEMAND = ", on demand";

  private static final Map<String, String> SUBSTITUTED = new ConcurrentSkipListMap<>();

  private KernelImages() {}

  /**
   * Returns the bzImage of a named kernel. A first build takes minutes and reports to stderr.
   *
   * @throws GuestException HARNESS_FAULT with the script's last word
   */
  public static Path kernel(String name) throws GuestException {
    Path image = path(GuestFiles.kernelBuild(), name);
    Path note = image.resolveSibling(UNPINNED);
    if (Files.exists(note)) {
      try {
        SUBSTITUTED.put(name, Files.readString(note).strip());
      } catch (IOException e) {
        throw new GuestException(
            GuestOutcome.HARNESS_FAULT, "cannot read " + note + ": " + e.getMessage());
      }
    }
    return image;
  }

  /**
   * Returns the kernels that this JVM has used and that are not of the pinned version, with the
   * versions in words. Safe for use by several threads.
   */
  public static Map<String, String> substituted() {
    return new TreeMap<>(SUBSTITUTED);
  }

  /**
   * Returns the reason why no version of a kernel can be had, when no archive offers one that takes
   * the patches; empty when there is one. Builds the kernel when the cache lacks it.
   *
   * @throws GuestException HARNESS_FAULT when it is not known, for want of a network for instance
   */
  public static Optional<String> refusal(String name) throws GuestException {
    CheckoutScript.Ended ended =
        CheckoutScript.end(BUILD_BOUND, Map.of(), GuestFiles.kernelBuild(), name);
    if (ended.status() == NOT_TO_BE_HAD) {
      return Optional.of(ended.lastError());
    }
    if (ended.status() != 0) {
      throw new GuestException(GuestOutcome.HARNESS_FAULT, ended.lastError());
    }
    return Optional.empty();
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

  /** The names of kernels that {@link #kernel} takes, without those on demand; one or more. */
  public static List<String> names() throws GuestException {
    return CheckoutScript.run(BUILD_BOUND, GuestFiles.kernelBuild(), "--list").stream()
        .filter(line -> !line.endsWith(ON_DEMAND))
        .map(line -> line.strip().split("\\s", 2)[0])
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private static Path path(Path script, String... arguments) throws GuestException {
    List<String> lines = CheckoutScript.run(BUILD_BOUND, script, arguments);
    Path path = Path.of(lines.isEmpty() ? "" : lines.getLast());
    if (!Files.isRegularFile(path)) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, script.getFileName() + " named no file: '" + path + "'");
    }
    return path;
  }
}
