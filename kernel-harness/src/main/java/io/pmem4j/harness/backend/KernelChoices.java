// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

/**
 * The random choices of a kernel in one run of a program, read back so that the model makes the
 * same choices and its image can be compared byte for byte. Kernels run first and fill it in.
 */
public final class KernelChoices {
  private boolean known;
  private int generationBase = 1;
  private DirectoryChoices directories = new DirectoryChoices();
  private FlusherChoices flushers = new FlusherChoices();

  /** The same choices, made or not yet. */
  public KernelChoices copy() {
    KernelChoices copy = new KernelChoices();
    copy.known = known;
    copy.generationBase = generationBase;
    copy.directories = directories.copy();
    copy.flushers = flushers.copy();
    return copy;
  }

  /** Returns whether a kernel has made its choices. */
  public boolean known() {
    return known;
  }

  /** Returns the inodes of new directories. */
  public DirectoryChoices directories() {
    return directories;
  }

  /** Returns the threads that have written back. */
  public FlusherChoices flushers() {
    return flushers;
  }

  /** The kernel's first {@code i_generation} after this mount. */
  public void generationBase(int generation) {
    if (!known) {
      known = true;
      generationBase = generation;
    }
  }

  /** {@code i_generation} of the first inode made; 1 when no kernel ran. */
  public int generationBase() {
    return generationBase;
  }
}
