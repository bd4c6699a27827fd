// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramText;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The class and place of a finding. Two programs show the same divergence if these are equal,
 * whatever else the programs do. Numbers that depend on the rest of the program (lines, blocks,
 * inodes, bytes read) are no part of it.
 *
 * @param kind the class
 * @param place the operation, the backend or the pair of images
 * @param aspects what is wrong there
 */
public record Divergence(Kind kind, String place, Set<String> aspects) {
  /** The class of a finding. */
  public enum Kind {
    /** Two backends answered an operation differently. */
    DIFFERENCE,
    /** A backend misses an expectation of the program. */
    EXPECTATION,
    /** A backend broke: a hang, an oops, a broken rule of the model. */
    FAILURE,
    /** The images of two backends differ. */
    IMAGE,
    /** The judge of file systems complains about an image. */
    CHECK,
    /** The lock edges of the kernel and of the model differ. */
    LOCKS
  }

  /** Copies the aspects. */
  public Divergence {
    aspects = Set.copyOf(aspects);
  }

  /** Returns the divergence of two answers that are not equal. */
  static Divergence difference(Operation operation, Outcome left, Outcome right) {
    Set<String> aspects = new TreeSet<>();
    Set<String> keys = new TreeSet<>(left.values().keySet());
    keys.addAll(right.values().keySet());
    for (String key : keys) {
      String one = left.values().getOrDefault(key, "none");
      String other = right.values().getOrDefault(key, "none");
      if (!one.equals(other)) {
        boolean exact = key.equals("errno") || key.equals("signal");
        aspects.add(exact ? key + " " + one + "/" + other : key);
      }
    }
    if (aspects.isEmpty()) {
      aspects.add("event " + firstDifference(left.events(), right.events()));
    }
    return new Divergence(Kind.DIFFERENCE, ProgramText.of(operation), aspects);
  }

  private static String firstDifference(List<String> left, List<String> right) {
    int at = 0;
    while (at < left.size() && at < right.size() && left.get(at).equals(right.get(at))) {
      at++;
    }
    return name(left, at) + "/" + name(right, at);
  }

  private static String name(List<String> events, int at) {
    return at < events.size() ? events.get(at).split(" ", 2)[0] : "none";
  }

  /** The value found belongs to it: an empty read misses every expectation of data. */
  static Divergence expectation(
      Operation operation, String backend, String token, Outcome outcome) {
    String found =
        Outcome.isAboutEvents(token)
            ? "none"
            : outcome.values().getOrDefault(token.substring(0, token.indexOf('=')), "none");
    return new Divergence(
        Kind.EXPECTATION,
        ProgramText.of(operation),
        Set.of(backend + " misses " + token + ", found " + found));
  }

  static Divergence failure(String backend, BackendException failure) {
    Throwable cause = failure.getCause();
    String thrown = cause == null ? "" : cause.getClass().getName();
    return new Divergence(
        Kind.FAILURE, backend, new LinkedHashSet<>(List.of(failure.outcome(), thrown)));
  }

  static Divergence mount(Map<String, String> answers) {
    return new Divergence(Kind.DIFFERENCE, "mount", Set.of(answers.toString()));
  }

  static Divergence image(String left, String right, Collection<String> structures) {
    return new Divergence(Kind.IMAGE, left + " / " + right, new TreeSet<>(structures));
  }

  /**
   * Returns the divergence of an image that e2fsck complains about: its complaints without numbers.
   */
  static Divergence check(String backend, String complaint) {
    Set<String> kinds = new TreeSet<>();
    complaint
        .lines()
        .map(line -> line.replaceAll("[-+(]*\\d[\\d(),./+-]*", "N").strip())
        .filter(line -> !line.isEmpty())
        .forEach(kinds::add);
    return new Divergence(Kind.CHECK, backend, kinds);
  }

  static Divergence locks(String edge) {
    return new Divergence(Kind.LOCKS, edge, Set.of());
  }
}
