// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Syscall;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows one program on a later kernel and tells its {@link KernelDifference}s from findings.
 * Outcomes are shown to it step by step, in order; the outcome of 5.10 is the reference.
 */
public final class KernelDifferenceMatcher {
  private static final String SIGBUS = " SIGBUS";
  private static final String HWPOISON = " HWPOISON";

  /** From punch to unshare, as fallocate(2) numbers them. */
  private static final long EXCLUSIVE_MODES = 0x7a;

  /** LOCK_SH, LOCK_EX and LOCK_UN. */
  private static final Set<Long> LOCKS = Set.of(1L, 2L, 8L);

  private static final long LOCK_NB = 4;

  private static final Pattern PLACE = Pattern.compile(" ino=(\\d+) .*?pgoff=(\\d+)");

  private final Set<KernelDifference> known;

  /**
   * Pages that read faults have marked dirty since they were last written back: {@code ino:page}.
   */
  private final Set<String> dirtied = new HashSet<>();

  /**
   * Creates a matcher for one program.
   *
   * @param known the differences that the kernel may show
   */
  public KernelDifferenceMatcher(Set<KernelDifference> known) {
    this.known = Set.copyOf(known);
  }

  /**
   * Returns the differences that turn the reference into the kernel's outcome; empty if they do
   * not.
   *
   * @param operation the operation
   * @param reference what 5.10 answers, by the model
   * @param answer what the kernel answered
   */
  public Optional<Set<KernelDifference>> explain(
      Operation operation, Outcome reference, Outcome answer) {
    Set<KernelDifference> used = EnumSet.noneOf(KernelDifference.class);
    boolean values =
        values(reference.values(), answer.values(), used)
            || refuses(operation, reference.values(), answer.values(), used)
            || mapsAround(operation, reference.values(), answer.values(), used);
    boolean events = events(reference.events(), readable(answer.events(), used), used);
    if (!events && copies(operation) && known.contains(KernelDifference.COPY_RETRIED)) {
      used.add(KernelDifference.COPY_RETRIED);
      events = events(once(reference.events()), once(readable(answer.events(), used)), used);
    }
    return values && events && known.containsAll(used) ? Optional.of(used) : Optional.empty();
  }

  private static boolean copies(Operation operation) {
    return operation.isCall(Syscall.PREAD_MAPPED) || operation.isCall(Syscall.PWRITE_MAPPED);
  }

  /** The events with one of each row of equal faults that failed. */
  private static List<String> once(List<String> events) {
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < events.size(); i++) {
      int last = kept.size() - 1;
      boolean again =
          i + 1 < events.size()
              && last > 0
              && events.get(i + 1).endsWith(SIGBUS)
              && events.get(i).equals(kept.get(last - 1))
              && events.get(i + 1).equals(kept.get(last));
      if (again) {
        i++;
      } else {
        kept.add(events.get(i));
      }
    }
    return kept;
  }

  /** The events with the value that 5.10 traces for an unreadable block. */
  private List<String> readable(List<String> answer, Set<KernelDifference> used) {
    if (!known.contains(KernelDifference.HWPOISON_TRACED)) {
      return answer;
    }
    List<String> events = new ArrayList<>(answer);
    events.replaceAll(event -> {
      if (!event.startsWith("dax_pte_fault_done ") || !event.endsWith(HWPOISON)) {
        return event;
      }
      used.add(KernelDifference.HWPOISON_TRACED);
      return event.replaceFirst(HWPOISON + "$", SIGBUS);
    });
    return events;
  }

  private static boolean mapsAround(
      Operation operation,
      Map<String, String> reference,
      Map<String, String> answer,
      Set<KernelDifference> used) {
    if (!operation.withoutChild().isCall(Syscall.PAGEMAP)) {
      return false;
    }
    used.add(KernelDifference.FAULT_AROUND);
    return reference.equals(Map.of("result", "0", "page", "none"))
        && answer.equals(Map.of("result", "0", "page", "page"));
  }

  /** Calls that a later kernel refuses, or refuses by another number. */
  private static boolean refuses(
      Operation operation,
      Map<String, String> reference,
      Map<String, String> answer,
      Set<KernelDifference> used) {
    if (!(operation.withoutChild() instanceof Operation.Call call)) {
      return false;
    }
    Map<String, String> einval = Map.of("result", "-1", "errno", "EINVAL");
    if (call.syscall() == Syscall.FALLOCATE && (call.number(1) & EXCLUSIVE_MODES) != 0) {
      used.add(KernelDifference.FALLOCATE_MODES);
      return reference.equals(einval)
          && answer.equals(Map.of("result", "-1", "errno", "EOPNOTSUPP"));
    }
    if (call.syscall() == Syscall.FLOCK && !LOCKS.contains(call.number(1) & ~LOCK_NB)) {
      used.add(KernelDifference.FLOCK_TYPE_FIRST);
      return reference.equals(Map.of("result", "-1", "errno", "EBADF")) && answer.equals(einval);
    }
    if (call.syscall() == Syscall.PREADV || call.syscall() == Syscall.PWRITEV) {
      used.add(KernelDifference.VECTORS_LATER);
      return reference.equals(einval) && answer.equals(Map.of("result", "-1", "errno", "EBADF"));
    }
    return false;
  }

  private static boolean values(
      Map<String, String> reference, Map<String, String> answer, Set<KernelDifference> used) {
    if (reference.equals(answer)) {
      return true;
    }
    String extents = reference.get("extents");
    if (extents == null || !reference.keySet().equals(answer.keySet())) {
      return false;
    }
    List<Extent> joined = Extent.byIomap(extents);
    used.add(KernelDifference.FIEMAP_BY_IOMAP);
    return Extent.text(joined).equals(answer.get("extents"))
        && Integer.toString(joined.size()).equals(answer.get("result"))
        && reference.keySet().stream()
            .filter(key -> !key.equals("extents") && !key.equals("result"))
            .allMatch(key -> String.valueOf(reference.get(key)).equals(answer.get(key)));
  }

  private boolean events(List<String> reference, List<String> answer, Set<KernelDifference> used) {
    List<String> expected = new ArrayList<>();
    boolean allocated = false;
    for (String event : reference) {
      if (event.startsWith("dax_insert_mapping ")) {
        used.add(KernelDifference.NO_INSERT_EVENT);
        allocated |= event.contains(" write ");
        if (event.contains(" read ")) {
          dirtied.add(place(event));
        }
      } else {
        if (event.startsWith("dax_load_hole ")) {
          dirtied.add(place(event));
        }
        expected.add(event);
      }
    }
    int met = 0;
    for (String event : answer) {
      String wanted = met < expected.size() ? expected.get(met) : "";
      if (event.equals(wanted)) {
        met++;
      } else if (allocated && event.replace(" MAJOR|", " ").equals(wanted)) {
        used.add(KernelDifference.MAJOR_TRACED);
        met++;
      } else if (extraWriteback(event)) {
        used.add(KernelDifference.READ_FAULT_DIRTIES);
      } else {
        return false;
      }
    }
    answer.stream()
        .filter(event -> event.startsWith("dax_writeback_one "))
        .forEach(event -> dirtied.remove(place(event)));
    return met == expected.size();
  }

  /** Returns whether the event exists because a read fault dirtied a page. */
  private boolean extraWriteback(String event) {
    if (event.startsWith("dax_writeback_one ")) {
      return dirtied.contains(place(event));
    }
    // The walk is reported as soon as the file has any page that is marked dirty.
    String inode = event.replaceFirst("^\\S+ ino=(\\d+) .*$", "$1");
    return event.startsWith("dax_writeback_range")
        && dirtied.stream().anyMatch(page -> page.startsWith(inode + ":"));
  }

  private static String place(String event) {
    Matcher place = PLACE.matcher(event);
    return place.find() ? place.group(1) + ":" + place.group(2) : event;
  }

  /** An extent as outcomes write it: {@code page+pages@block:flags}, flags in hexadecimal. */
  private record Extent(long page, long pages, long block, int flags) {
    private static final int LAST = 1;
    private static final Pattern TEXT = Pattern.compile("(\\d+)\\+(\\d+)@(\\d+):([0-9a-f]+)");

    static List<Extent> byIomap(String text) {
      List<Extent> joined = new ArrayList<>();
      Matcher matcher = TEXT.matcher(text);
      while (matcher.find()) {
        Extent extent =
            new Extent(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                Integer.parseInt(matcher.group(4), 16) & ~LAST);
        Extent before = joined.isEmpty() ? null : joined.getLast();
        if (before != null
            && before.page + before.pages == extent.page
            && before.block + before.pages == extent.block) {
          joined.set(
              joined.size() - 1,
              new Extent(before.page, before.pages + extent.pages, before.block, before.flags));
        } else {
          joined.add(extent);
        }
      }
      if (!joined.isEmpty()) {
        Extent last = joined.getLast();
        joined.set(
            joined.size() - 1, new Extent(last.page, last.pages, last.block, last.flags | LAST));
      }
      return joined;
    }

    static String text(List<Extent> extents) {
      List<String> parts = new ArrayList<>();
      for (Extent extent : extents) {
        parts.add("%d+%d@%d:%x".formatted(extent.page, extent.pages, extent.block, extent.flags));
      }
      return String.join(",", parts);
    }
  }
}
