// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.kernel.LockEdges;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of {@code /proc/lockdep} that is ext2's: edges between the classes that the model knows,
 * by the model's names.
 *
 * <p>Lockdep numbers classes of one name as they come ({@code i_mutex_key#7}), one for each type of
 * file system. Which number is ext2's follows from the edges: only its classes lead to {@code
 * dax_sem}, {@code truncate_mutex} and the locks of block groups.
 */
final class LockdepText {
  /** A name, the number of its class, and the level of nesting. */
  private static final Pattern NAME = Pattern.compile("(.*?)(#\\d+)?(?:/\\d+)?");

  private static final String DAX_SEM = "&ei->dax_sem";

  /** The class that 6.1 has in the place of dax_sem: one for each type of file system. */
  private static final String INVALIDATE_LOCK = "mapping.invalidate_lock";

  private static final String TRUNCATE_MUTEX = "&ei->truncate_mutex";
  private static final String GROUP_LOCK = "&bgl->locks[i].lock";
  private static final String FILE = "&sb->s_type->i_mutex_key";
  private static final String DIRECTORY = "&type->i_mutex_dir_key";
  private static final String RENAMES = "&type->s_vfs_rename_key";
  private static final String WRITERS = "sb_writers";

  /** Classes of which there is one in the kernel, or that all file systems share. */
  private static final Set<String> UNNUMBERED =
      Set.of(
          DAX_SEM,
          TRUNCATE_MUTEX,
          "&mm->mmap_lock",
          "&mapping->i_mmap_rwsem",
          "page_lock(ext2)",
          GROUP_LOCK,
          "&sbi->s_lock",
          "&sbi->s_rsv_window_lock",
          "&ei->xattr_sem",
          "&cache->c_list_lock",
          "sb_pagefaults",
          "sb_internal");

  private record Edge(String outer, String inner) {}

  private final Collection<Edge> edges;

  /** For a name, the number that is ext2's; with # or empty. */
  private final Map<String, String> numbers = new HashMap<>();

  private LockdepText(Collection<Edge> edges) {
    this.edges = edges;
    number(INVALIDATE_LOCK, Set.of(TRUNCATE_MUTEX));
    number(FILE, Set.of(DAX_SEM, TRUNCATE_MUTEX));
    number(DIRECTORY, Set.of(TRUNCATE_MUTEX, "page_lock(ext2)", GROUP_LOCK));
    String file = FILE + numbers.getOrDefault(FILE, "#none");
    String directory = DIRECTORY + numbers.getOrDefault(DIRECTORY, "#none");
    number(RENAMES, Set.of(directory, directory + "/1"));
    number(WRITERS, Set.of(file, directory, directory + "/1"));
  }

  /** The edges, {@code outer -> inner}. */
  static Set<String> edges(String text) {
    List<Edge> all =
        LockEdges.parse(text).edges().stream()
            .map(edge -> edge.split(" -> ", 2))
            .map(ends -> new Edge(ends[0], ends[1]))
            .toList();
    return new LockdepText(all).ours();
  }

  /** Finds the number of the class of this name that was held while one of the others was taken. */
  private void number(String name, Set<String> inner) {
    for (Edge edge : edges) {
      Matcher outer = NAME.matcher(edge.outer());
      if (outer.matches() && outer.group(1).equals(name) && inner.contains(edge.inner())) {
        numbers.putIfAbsent(name, outer.group(2) == null ? "" : outer.group(2));
      }
    }
  }

  private Set<String> ours() {
    Set<String> ours = new TreeSet<>();
    for (Edge edge : edges) {
      String outer = ours(edge.outer());
      String inner = ours(edge.inner());
      boolean foreign = outer.isEmpty() || inner.isEmpty();
      if (!Forgiveness.LOCK_CLASS.forgives(foreign)
          && !Forgiveness.LOCK_NESTING.forgives(!foreign && outer.equals(inner))) {
        ours.add(outer + " -> " + inner);
      }
    }
    return ours;
  }

  /** The model's name of a class, or nothing if it is not one of ext2's. */
  private String ours(String raw) {
    Matcher name = NAME.matcher(raw);
    if (!name.matches()) {
      return "";
    }
    String plain = name.group(1);
    String number = name.group(2) == null ? "" : name.group(2);
    boolean known = UNNUMBERED.contains(plain) || number.equals(numbers.get(plain));
    return !known ? "" : plain.equals(INVALIDATE_LOCK) ? DAX_SEM : plain;
  }
}
