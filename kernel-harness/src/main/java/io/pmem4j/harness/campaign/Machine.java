// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The machine under test as its kernel shows it.
 *
 * @param sys where sysfs is mounted, or a copy of it with its links
 * @param proc where proc is mounted, or a copy of it
 * @param pause waits between two looks at a thing that the kernel does not announce
 */
public record Machine(Path sys, Path proc, Pause pause) {
  /** A wait between two looks. */
  @FunctionalInterface
  public interface Pause {
    /** Waits for some time. */
    void during(Duration time) throws InterruptedException;
  }

  /** Returns the machine that this process runs on. */
  public static Machine running() {
    return new Machine(Path.of("/sys"), Path.of("/proc"), Thread::sleep);
  }
}
