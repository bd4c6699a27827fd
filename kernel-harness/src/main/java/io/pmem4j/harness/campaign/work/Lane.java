// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.io.IOException;

/**
 * A sequence of operations on one file or part of a device. The state after each operation follows
 * from the seed, so that a check needs no more than the number of the last one.
 */
public interface Lane extends AutoCloseable {
  /**
   * Checks the state, makes it durable as it is, and removes what a cut left of one operation.
   *
   * @param promised the last operation that has to be there
   * @return the last operation that is there
   * @throws LostException if the state is not that after some operation
   */
  long recover(long promised) throws LostException, IOException;

  /** Makes an operation durable; they come in the order of their numbers, from 1. */
  void perform(long operation) throws IOException;

  @Override
  void close() throws IOException;
}
