// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A machine that mounts one image after the other, which the caller rewrites in between. */
public interface MountingMachine extends AutoCloseable {
  /** Returns the image that is mounted. */
  FsImage image();

  /** Returns true for a kernel, whose order of stores has losses that the model's has not. */
  boolean isKernel();

  /** Returns the number of mounts so far. */
  int mounts();

  /** Replaces a page of the image. */
  void write(int page, byte[] bytes) throws IOException;

  /**
   * Mounts the image for reading, and reads files.
   *
   * @return the files that are there; empty if the file system refuses to mount
   * @throws GuestException if a kernel complains or fails
   * @throws IOException if the image cannot be read
   */
  Optional<Map<String, byte[]>> read(List<String> paths) throws GuestException, IOException;

  @Override
  void close() throws IOException;
}
