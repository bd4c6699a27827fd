// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The part of an outcome that means the same on a backend as on a fresh ext2 image on an NVDIMM of
 * its own. A directory of the running kernel shows less. Values outside of the view are neither
 * compared nor judged, and reports say so.
 *
 * @param scope the kind of file system
 * @param image whether it is that very image: block numbers, inode numbers, trace events
 */
public record ComparableView(Scope scope, boolean image) {
  /** The view that shows all values. */
  public static final ComparableView WHOLE = new ComparableView(Scope.EXT2, true);

  /** Values that the image, the mount or the user chooses: no file system promises them. */
  private static final Set<String> OF_THE_IMAGE =
      Set.of("ino", "generation", "extents", "uid", "gid", "atime", "dax");

  private static final Set<String> OF_EXT2 = Set.of("blocks");
  private static final Set<String> OF_DAX = Set.of("page");

  /** Returns whether a value of this name can be compared and judged. */
  public boolean shows(String key) {
    return image || !hidden().contains(key);
  }

  /** Returns whether an expectation can be judged. */
  public boolean judges(String token) {
    return image || (!Outcome.isAboutEvents(token) && shows(key(token)));
  }

  /** Returns whether an expectation that can be judged holds. */
  public boolean satisfies(Outcome outcome, String token) {
    return image ? outcome.satisfies(token) : numberless(outcome).satisfies(withoutNumber(token));
  }

  /** Returns the part of an outcome that the view shows. */
  public Outcome of(Outcome outcome) {
    if (image) {
      return outcome;
    }
    Map<String, String> values = new LinkedHashMap<>(numberless(outcome).values());
    if (values.containsKey("extents")) {
      // The result is their number.
      values.remove("result");
    }
    values.keySet().removeAll(hidden());
    return new Outcome(values, List.of());
  }

  /** Returns the view of the values that both views show. */
  public ComparableView and(ComparableView other) {
    return new ComparableView(
        scope.compareTo(other.scope) < 0 ? scope : other.scope, image && other.image);
  }

  /** Returns the values that this view leaves out, one line each; empty for the whole view. */
  public List<String> rules() {
    if (image) {
      return List.of();
    }
    return List.of(
        "trace events and block numbers are not compared",
        "values that are not compared: " + String.join(", ", hidden()));
  }

  private SortedSet<String> hidden() {
    SortedSet<String> hidden = new TreeSet<>(OF_THE_IMAGE);
    if (scope != Scope.EXT2) {
      hidden.addAll(OF_EXT2);
    }
    if (scope == Scope.POSIX) {
      hidden.addAll(OF_DAX);
    }
    return hidden;
  }

  /** The name of the value that an expectation is about; all of it when it is about events. */
  public static String key(String token) {
    int equals = token.indexOf('=');
    return equals < 0 ? token : token.substring(0, equals);
  }

  private static Outcome numberless(Outcome outcome) {
    Map<String, String> values = new LinkedHashMap<>(outcome.values());
    values.computeIfPresent("page", (_, page) -> withoutNumber(page));
    return new Outcome(values, List.of());
  }

  /** A page of the file, whichever block it is. */
  private static String withoutNumber(String text) {
    return text.replaceFirst("block:\\d+$", "block");
  }
}
