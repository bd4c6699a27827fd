// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.generator.LikelyInode.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Draws paths: three of four that likely exist and suit the call, the rest from a list of names
 * that may or may not exist, of limits and of odd spellings.
 */
final class LikelyPaths {
  private static final String LONG = "n".repeat(200);
  private static final List<String> NAMES =
      List.of("a", "b", "c", "d", "e", "s", "t", LONG, LONG + "1");
  private static final int MOST_DEPTH = 3;

  private static final List<String> ANY =
      List.of(
          "/a",
          "/b",
          "/c",
          "/d",
          "/e",
          "/s",
          "/t",
          "/d/a",
          "/d/b",
          "/d/e",
          "/d/s",
          "/e/d",
          "/e/b",
          "/d/e/f",
          "/" + LONG,
          "/d/" + LONG + "1",
          "/d/" + LONG + "2",
          "/e/" + LONG,
          "/s/a",
          "/d/s/b",
          "/d/../c",
          "/e/",
          "/d/.",
          "/nodir/x",
          "/a/x",
          "/" + "n".repeat(256));

  /** Down before up: what is absolute or above the root leaves the guest's mount. */
  private static final List<String> TARGETS =
      List.of(
          "a", "d", "s", "d/../a", "d/e", "b/", "t".repeat(59), "t".repeat(60), "t/".repeat(900));

  private final GeneratedValues values;
  private final LikelyTree tree;

  LikelyPaths(GeneratedValues values, LikelyTree tree) {
    this.values = values;
    this.tree = tree;
  }

  /** Returns a path that may exist or not. */
  String any() {
    return values.of(ANY);
  }

  /** Returns the path of a likely inode, or of another, or any. */
  String of(Predicate<LikelyInode> which) {
    List<String> paths = tree.paths(which);
    if (values.oneIn(10) || (paths.isEmpty() && !values.oneIn(4))) {
      paths = tree.paths(_ -> true);
    }
    return paths.isEmpty() || values.oneIn(8) ? any() : spelled(values.of(paths));
  }

  String of(Kind kind) {
    return of(inode -> inode.kind() == kind);
  }

  String existing() {
    return of(_ -> true);
  }

  /** Returns a path that likely does not exist, in a directory that does; or any. */
  String free() {
    return values.oneIn(8) ? any() : freeIn(directory());
  }

  /** Returns a path that likely does not exist. */
  String freeIn(String directory) {
    List<String> free = new ArrayList<>();
    for (String name : NAMES) {
      if (tree.find(directory + "/" + name, false).isEmpty()) {
        free.add(name);
      }
    }
    return free.isEmpty() ? any() : directory + "/" + values.of(free);
  }

  /** Returns the path of a directory to which a name can be added: empty for the root. */
  private String directory() {
    List<String> directories = new ArrayList<>();
    for (String path : tree.paths(LikelyInode::isDirectory)) {
      if (path.chars().filter(c -> c == '/').count() <= MOST_DEPTH) {
        directories.add(path);
      }
    }
    if (values.oneIn(8)) {
      // Through a link.
      for (String link : tree.paths(LikelyInode::isSymlink)) {
        if (tree.find(link, true).filter(LikelyInode::isDirectory).isPresent()) {
          directories.add(link);
        }
      }
    }
    if (values.oneIn(30)) {
      return "/lost+found";
    }
    return directories.isEmpty() || values.oneIn(3) ? "" : values.of(directories);
  }

  /** Returns the target of a link at a path: likely a name that exists below its directory. */
  String target(String link) {
    String directory = link.substring(0, link.lastIndexOf('/') + 1);
    List<String> targets = new ArrayList<>();
    for (String path : tree.paths(_ -> true)) {
      if (path.startsWith(directory)) {
        targets.add(path.substring(directory.length()));
      }
    }
    if (values.oneIn(12) && directory.length() < link.length()) {
      // A loop.
      return last(link);
    }
    return targets.isEmpty() || values.oneIn(4) ? values.of(TARGETS) : values.of(targets);
  }

  /** Returns the last name of a path; another one in place of a directory's own. */
  static String last(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.isEmpty() || name.startsWith(".") ? "a" : name;
  }

  /** Returns the same path, now and then with other words. */
  private String spelled(String path) {
    return switch (values.below(40)) {
      case 0 -> "/" + path;
      case 1 -> "/." + path;
      case 2 -> path + "/";
      case 3 -> path + "/.";
      default -> path;
    };
  }
}
