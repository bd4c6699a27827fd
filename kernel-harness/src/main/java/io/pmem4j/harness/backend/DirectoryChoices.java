// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Syscall;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The inodes that a kernel has given to new directories. Orlov's search for the group of a
 * directory below the root begins at a random group. The model's begins at the group that the
 * kernel has chosen, and ends there only if the rule allows that group: otherwise the inode numbers
 * differ. The first kernel that makes a directory is followed.
 *
 * <p>A directory is known by the number of the mkdir(2) that makes it. Used by one thread after the
 * other.
 */
public final class DirectoryChoices {
  private final Map<Integer, Long> inodes = new HashMap<>();

  /** The inode of the directory that the model makes now; 0 if it is not known. */
  private volatile long running;

  /** The same choices. */
  DirectoryChoices copy() {
    DirectoryChoices copy = new DirectoryChoices();
    copy.inodes.putAll(inodes);
    return copy;
  }

  /**
   * Returns the path of the directory that an operation makes; empty if it makes none. Without the
   * slashes at its end: mkdir(2) does not follow a link that is there, and a question that did
   * would change the link's access time.
   */
  public static Optional<String> madeBy(Operation operation) {
    return switch (operation) {
      case Operation.In in -> madeBy(in.operation());
      case Operation.Begin begin -> madeBy(begin.operation());
      case Operation.Call call when call.syscall() == Syscall.MKDIR ->
          Optional.of(call.text(0).replaceFirst("/+$", ""));
      default -> Optional.empty();
    };
  }

  /**
   * Records the inode of a new directory.
   *
   * @param number counts the calls of mkdir(2) from 0
   */
  public void made(int number, long inode) {
    inodes.putIfAbsent(number, inode);
  }

  /** Begins the model's mkdir(2) of a number. */
  public void begin(int number) {
    running = inodes.getOrDefault(number, 0L);
  }

  /**
   * Returns the group that the kernel has chosen for the directory that is being made; 0 if it is
   * not known.
   */
  public int group(int inodesPerGroup) {
    return running == 0 ? 0 : (int) ((running - 1) / inodesPerGroup);
  }
}
