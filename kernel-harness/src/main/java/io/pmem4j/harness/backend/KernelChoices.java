// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

/**
 * The random choices of a kernel in one run of a program, read back so that the model makes the
 * same choices and its image can be compared byte for byte. Kernels run first and fill it in.
 */
public final class KernelChoices {
  /** A kworker of the guest: the seventh, eighth or ninth process, as the boot goes. */
  private int flusherPid = 8;

  private boolean known;
  private int generationBase = 1;
  private DirectoryChoices directories = new DirectoryChoices();

  /** The same choices, made or not yet. */
  public KernelChoices copy() {
    KernelChoices copy = new KernelChoices();
    copy.known = known;
    copy.generationBase = generationBase;
    copy.flusherPid = flusherPid;
    copy.directories = directories.copy();
    return copy;
  }

  /** Returns whether a kernel has made its choices. */
  public boolean known() {
    return known;
  }

  /** The kernel's worker that writes back what sync or an unmount finds dirty. */
  public void flusherPid(int pid) {
    flusherPid = pid;
  }

  /** Returns the process id of that worker, by which blocks that it allocates are coloured. */
  public int flusherPid() {
    return flusherPid;
  }

  /** Returns the inodes of new directories. */
  public DirectoryChoices directories() {
    return directories;
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
