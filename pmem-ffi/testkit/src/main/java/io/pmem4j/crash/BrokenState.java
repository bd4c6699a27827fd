// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The state that shows the damage of one point best, among those that break the check: as few
 * stores as possible are lost, and then as few as possible are early.
 */
final class BrokenState {
  private final int event;
  private final List<Atom> atoms;
  private final StoreTrace trace;
  private final CrashMode mode;
  private @Nullable Verdict verdict;
  private boolean[] chosen = {};
  private int lost = Integer.MAX_VALUE;
  private int early = Integer.MAX_VALUE;

  BrokenState(int event, List<Atom> atoms, StoreTrace trace, CrashMode mode) {
    this.event = event;
    this.atoms = atoms;
    this.trace = trace;
    this.mode = mode;
  }

  /** Offers the state that is chosen now. */
  void offer(Verdict failed) {
    int lostNow = 0;
    int earlyNow = 0;
    for (Atom atom : atoms) {
      if (!atom.chosen) {
        lostNow++;
      } else if (lostNow > 0) {
        earlyNow++;
      }
    }
    if (lostNow < lost || (lostNow == lost && earlyNow < early)) {
      lost = lostNow;
      early = earlyNow;
      verdict = failed;
      chosen = new boolean[atoms.size()];
      for (int i = 0; i < chosen.length; i++) {
        chosen[i] = atoms.get(i).chosen;
      }
    }
  }

  /** Returns the finding, if a state was offered. */
  Optional<CrashFinding> finding() {
    if (verdict == null) {
      return Optional.empty();
    }
    String place = verdict.place().isEmpty() ? "" : " (" + verdict.place() + ")";
    return Optional.of(
        new CrashFinding(
            CrashFinding.Kind.CHECK_FAILED,
            mode,
            verdict.failure() + place,
            verdict.failure(),
            event,
            event >= trace.events().size(),
            site(),
            fates(),
            new StateName(mode, event, chosen, trace.fingerprint()).toString()));
  }

  private CodeSite site() {
    List<TraceEvent> events = trace.events();
    return events.isEmpty()
        ? CodeSite.UNKNOWN
        : events.get(Math.min(event, events.size() - 1)).site();
  }

  /** Returns the stores from the first lost one on; if none is lost, the last one. */
  private List<StoreFate> fates() {
    List<StoreFate> all = new ArrayList<>();
    for (int i = 0; i < chosen.length; ) {
      int end = i;
      int durable = 0;
      while (end < chosen.length && atoms.get(end).event == atoms.get(i).event) {
        durable += chosen[end] ? 1 : 0;
        end++;
      }
      int store = atoms.get(i).event;
      all.add(
          new StoreFate(
              store, trace.events().get(store), end - i, durable, reason(store, atoms.get(i))));
      i = end;
    }
    int first = 0;
    while (first < all.size() - 1 && all.get(first).durable() == all.get(first).words()) {
      first++;
    }
    return all.subList(first, all.size());
  }

  private String reason(int store, Atom atom) {
    if (mode == CrashMode.AUTO_FLUSH) {
      return "no drain before the crash";
    }
    List<TraceEvent> events = trace.events();
    long at = atom.word.index * (long) Long.BYTES;
    for (int i = store + 1; i < Math.min(event, events.size()); i++) {
      TraceEvent later = events.get(i);
      if (later.kind() == TraceEvent.Kind.FLUSH
          && later.offset() < at + Long.BYTES
          && at < later.offset() + later.length()) {
        return "flushed at " + later.site() + ", no drain before the crash";
      }
    }
    return events.get(store).order() == StoreOrder.BYPASS
        ? "stored around the caches, no drain before the crash"
        : "flushed nowhere before the crash";
  }
}
