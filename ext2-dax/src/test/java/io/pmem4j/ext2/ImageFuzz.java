// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * A target for Jazzer: any exception of {@link FuzzedRun} is a finding.
 *
 * <p>{@code --target_class=io.pmem4j.ext2.ImageFuzz --instrumentation_includes=io.pmem4j.ext2.**}.
 * Jazzer 0.24 reads no class files of Java 25: compile for it with {@code --release 23}.
 */
public final class ImageFuzz {
  private static final FuzzedRun RUN = new FuzzedRun();

  private ImageFuzz() {}

  /** Jazzer calls it with each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    RUN.run(input);
  }
}
