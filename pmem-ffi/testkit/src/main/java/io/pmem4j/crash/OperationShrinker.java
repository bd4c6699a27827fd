// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A search for a short program that still fails: it leaves out operations, first many at once, then
 * one by one, until none can be left out. Source: delta debugging (Zeller and Hildebrandt, IEEE TSE
 * 2002).
 */
public final class OperationShrinker {
  private OperationShrinker() {}

  /**
   * Returns a part of a failing program, in the same order, of which no operation can be left out.
   *
   * @param operations a program that fails
   * @param fails true if a program, run on fresh memory, still fails; deterministic
   */
  public static <T> List<T> shrink(List<T> operations, Predicate<List<T>> fails) {
    List<T> shortest = List.copyOf(operations);
    for (int size = Math.max(1, shortest.size() / 2); size >= 1; size /= 2) {
      boolean again = true;
      while (again) {
        again = false;
        for (int from = 0; from < shortest.size(); ) {
          List<T> without = new ArrayList<>(shortest);
          without.subList(from, Math.min(from + size, shortest.size())).clear();
          if (without.size() < shortest.size() && fails.test(without)) {
            shortest = List.copyOf(without);
            again = true;
          } else {
            from += size;
          }
        }
      }
    }
    return shortest;
  }
}
