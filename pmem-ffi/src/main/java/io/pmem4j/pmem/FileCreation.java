// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.util.function.Consumer;

/**
 * The order in which a new file is made, on the kernel and on a provider: it gets its name only
 * when it is whole and durable. A kill or a power cut leaves no file under the name, or a whole
 * one.
 */
abstract class FileCreation {
  private final Consumer<CreationStep> steps;

  FileCreation(Consumer<CreationStep> steps) {
    this.steps = steps;
  }

  /** Gives the file its length. */
  abstract void allocate() throws IOException;

  /** Makes content and length durable. */
  abstract void sync() throws IOException;

  /** Gives the file its name; fails if the name exists. */
  abstract void giveName() throws IOException;

  /** Makes the names in the file's folder durable. */
  abstract void syncFolder() throws IOException;

  /** Removes the name if it is there. */
  abstract void removeName() throws IOException;

  /** Makes the file whole and durable. */
  final void fill() throws IOException {
    steps.accept(CreationStep.OPENED);
    allocate();
    steps.accept(CreationStep.ALLOCATED);
    sync();
    steps.accept(CreationStep.SYNCED);
  }

  /** Links the file under its name, and makes the name durable. */
  final void publish() throws IOException {
    steps.accept(CreationStep.MAPPED);
    giveName();
    try {
      steps.accept(CreationStep.NAMED);
      sync(); // its link count has changed
      syncFolder();
      steps.accept(CreationStep.DURABLE);
    } catch (IOException | RuntimeException | Error failure) {
      removeName();
      throw failure;
    }
  }
}
