// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A difference between the hardware before and after a cut, as far as it decides over the cut.
 *
 * @param outcome PLATFORM or ENVIRONMENT
 * @param words the attribute, both values and their meaning
 */
record HardwareChange(CutOutcome outcome, String words) {
  private static final String ABSENT = "absent";

  /**
   * Attributes that a cut does not change; another value is another machine, or an administrator.
   */
  private static final Set<String> FIXED =
      Set.of(
          "mode", "persistence_domain", "write_cache", "deep_flush", "read_only", "size", "align");

  /** The words of a module that has lost content, or may lose it. */
  private static final Set<String> FAILED =
      Set.of("not_armed", "save_fail", "restore_fail", "flush_fail", "map_fail");

  /** Returns the differences, those of the environment first: they make the others meaningless. */
  static List<HardwareChange> between(Map<String, String> before, Map<String, String> after) {
    List<HardwareChange> changes = new ArrayList<>();
    Set<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (String name : names) {
      String old = before.getOrDefault(name, ABSENT);
      String now = after.getOrDefault(name, ABSENT);
      String attribute = name.substring(name.lastIndexOf('.') + 1);
      if (old.equals(now)) {
        continue;
      }
      switch (attribute) {
        case HardwareState.IDENTITY, HardwareState.BUS ->
            changes.add(environment(name, old, now, "other modules answer than before the cut"));
        case HardwareState.DIRTY_SHUTDOWN -> dirty(name, old, now, before, changes);
        case HardwareState.FLAGS -> flags(name, old, now, changes);
        default -> {
          if (FIXED.contains(attribute) && !followsAFailure(name, before, after)) {
            changes.add(
                environment(name, old, now, "it is not the machine that the campaign began on"));
          }
        }
      }
    }
    changes.sort(Comparator.comparing(change -> change.outcome == CutOutcome.PLATFORM));
    return changes;
  }

  private static HardwareChange environment(String name, String old, String now, String meaning) {
    return new HardwareChange(
        CutOutcome.ENVIRONMENT,
        "%s was %s, is %s: %s".formatted(name, shown(old), shown(now), meaning));
  }

  private static String shown(String value) {
    return value.isEmpty() ? "empty" : value;
  }

  private static void dirty(
      String name,
      String old,
      String now,
      Map<String, String> before,
      List<HardwareChange> changes) {
    if (old.equals(ABSENT) || now.equals(ABSENT)) {
      changes.add(environment(name, old, now, "the module counts in one of two boots only"));
      return;
    }
    String module = name.substring(0, name.lastIndexOf('.') + 1);
    boolean fell = Long.parseLong(now) < Long.parseLong(old);
    if (fell && !before.getOrDefault(module + HardwareState.BUS, "").equals("cxl")) {
      changes.add(environment(name, old, now, "an NFIT module never counts backwards"));
      return;
    }
    changes.add(
        new HardwareChange(
            CutOutcome.PLATFORM,
            "%s was %s, is %s%s: the platform lost content at this cut, whatever software did"
                .formatted(name, old, now, fell ? " (the count of CXL wraps)" : "")));
  }

  /** A region is read-only from the boot on at which one of its modules cannot save. */
  private static boolean followsAFailure(
      String name, Map<String, String> before, Map<String, String> after) {
    String device = name.substring(0, name.lastIndexOf('.') + 1);
    return name.equals(device + HardwareState.READ_ONLY)
        && after.keySet().stream()
            .filter(each -> each.startsWith(device) && each.endsWith("." + HardwareState.FLAGS))
            .anyMatch(each ->
                !failures(before.getOrDefault(each, ABSENT), after.getOrDefault(each, ABSENT))
                    .isEmpty());
  }

  /** Returns the words of a failure that are new. */
  private static Set<String> failures(String old, String now) {
    Set<String> added = new TreeSet<>(Arrays.asList(now.split(" ", -1)));
    Arrays.asList(old.split(" ", -1)).forEach(added::remove);
    added.retainAll(FAILED);
    return added;
  }

  private static void flags(String name, String old, String now, List<HardwareChange> changes) {
    Set<String> added = failures(old, now);
    if (!added.isEmpty()) {
      changes.add(
          new HardwareChange(
              CutOutcome.PLATFORM,
              "%s has %s now: the module failed at this cut"
                  .formatted(name, String.join(" ", added))));
    }
  }
}
