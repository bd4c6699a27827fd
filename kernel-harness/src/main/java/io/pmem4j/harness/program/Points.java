// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;

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

  private Points() {}

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
