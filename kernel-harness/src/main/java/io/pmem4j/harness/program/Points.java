// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The rendezvous points at which a kernel of the harness can park a task, by the names of its
 * {@code fs/rendezvous.c}. All kernels know all names; a kernel never arrives at points of a
 * handler that it lacks.
 */
public final class Points {
  /** In the order along the paths: faults, allocation, truncation, writeback, write(2). */
  public static final List<String> ALL =
      List.of(
          "fault-before-dax-sem",
          "fault-dax-sem-held",
          "fault-size-checked",
          "fault-looked-up",
          "pmd-size-checked",
          "pmd-looked-up",
          "fault-dax-sem-released",
          "pfn-mkwrite-times",
          "pfn-mkwrite-size-checked",
          "alloc-before-mutex",
          "alloc-mutex-held",
          "alloc-mutex-released",
          "truncate-before-dax-sem",
          "truncate-dax-sem-held",
          "truncate-size-stored",
          "truncate-unmapped",
          "truncate-mutex-held",
          "truncate-mutex-released",
          "truncate-dax-sem-released",
          "writeback-entry-locked",
          "write-entries-removed");

  /**
   * The points in code that files without DAX do not run: the handlers and bodies of DAX faults,
   * {@code dax_writeback_one}, and the part of {@code invalidate_inode_pages2_range} for DAX.
   */
  private static final Pattern OF_DAX =
      Pattern.compile("(fault|pmd|pfn-mkwrite)-.*|writeback-entry-locked|write-entries-removed");

  private Points() {}

  /** Returns true if no task comes by a point in files without DAX. */
  static boolean isOfDax(String point) {
    return OF_DAX.matcher(point).matches();
  }

  /**
   * A name as it is.
   *
   * @throws IllegalArgumentException if no kernel has it
   */
  static String known(String point) {
    if (!ALL.contains(point)) {
      throw new IllegalArgumentException(
          "no point '" + point + "' in the kernels: " + String.join(", ", ALL));
    }
    return point;
  }
}
