// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One program in the course of running. */
public interface Session {
  /**
   * Runs the next operation.
   *
   * @throws BackendException if there is no outcome to report: the backend broke
   */
  Outcome run(Operation operation) throws BackendException;

  /**
   * Runs operations in their order.
   *
   * @param each is given the outcomes in the same order; when the backend breaks, perhaps not all
   *     of those that were run before
   * @throws BackendException as {@link #run(Operation)}
   */
  default void run(List<Operation> operations, Consumer<Outcome> each) throws BackendException {
    for (Operation operation : operations) {
      each.accept(run(operation));
    }
  }

  /**
   * Closes the files that the program left open, unmounts, and checks that the backend is still in
   * order.
   *
   * @return the image as the program left it, valid until the next session begins; empty where the
   *     programs share a file system with others
   */
  Optional<FsImage> end() throws BackendException;

  /**
   * Returns whether all operations ran at the time of the program's clock; valid after the end. If
   * not, the machine was too slow: the times mean nothing, and the program has to run again.
   */
  default boolean inTime() {
    return true;
  }

  /** Releases all resources after a failure, without a verdict. */
  void abandon();
}
