// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The lists of names that a folder of a medium ever had. A folder is one word of the medium, the
 * number of its list, so that a change of two names in one folder is whole or not there. Equal
 * lists have equal numbers; the empty one is 0.
 */
final class FolderLists {
  /**
   * The target of a name.
   *
   * @param file number of the file
   * @param moved true if the file was moved to another folder. The name is gone only in a state
   *     that has the new one, because a rename never loses the file
   */
  record Entry(int file, boolean moved) {}

  private final List<SortedMap<String, Entry>> lists = new ArrayList<>();
  private final Map<SortedMap<String, Entry>, Integer> numbers = new HashMap<>();

  FolderLists() {
    number(new TreeMap<>());
  }

  SortedMap<String, Entry> list(long number) {
    return lists.get(Math.toIntExact(number));
  }

  long number(SortedMap<String, Entry> list) {
    return numbers.computeIfAbsent(
        list,
        fresh -> {
          lists.add(fresh);
          return lists.size() - 1;
        });
  }
}
