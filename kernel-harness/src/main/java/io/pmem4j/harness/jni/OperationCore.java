// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;

/** Runs operations on the kernel at hand. Slots of files and mappings belong to it. */
public interface OperationCore extends AutoCloseable {
  /**
   * Runs one operation. The request's clock must be 0: this machine's clock is left alone.
   *
   * @return the answer; status 1 for an operation that this core does not have
   * @throws IOException if there is none: the core broke, or did not answer in time
   */
  Response run(Request request) throws IOException;

  /** Closes the files and unmaps the mappings that the operations left. */
  @Override
  void close();
}
