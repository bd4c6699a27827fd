// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rules that hold for any program, judged on a trace without a check.
 *
 * <ul>
 *   <li>Flush is sufficient: what an operation stored is durable when it is acknowledged.
 *   <li>Flush is not redundant: each flush finds a store that was not flushed since.
 *   <li>No thread makes durable what depends on another thread's store that is not durable. A
 *       publish depends on all that its thread has loaded, at its store; other stores do when they
 *       become durable. Source: persistency-induced races (Vardalith, ECOOP 2026).
 * </ul>
 *
 * <p>In {@link CrashMode#AUTO_FLUSH} a flush does nothing, so no flush is redundant.
 */
public final class DurabilityRules {
  /** The call of a flush that makes a whole file or folder durable. */
  static final String SYNC = "fsync";

  private final StoreTrace trace;
  private final CrashMode mode;
  private final List<CrashFinding> findings = new ArrayList<>();

  /** For each aligned word its last store: the index of the event. */
  private final Map<Integer, Integer> lastStores = new HashMap<>();

  /** The stores of each thread since its operation began. */
  private final Map<Integer, List<Integer>> operations = new HashMap<>();

  /** For each thread the stores of other threads that it has loaded, with the loaded word. */
  private final Map<Integer, Map<Integer, Integer>> loaded = new HashMap<>();

  /** For each pending store, the stores that its thread had loaded before. */
  private final Map<Integer, Map<Integer, Integer>> dependences = new HashMap<>();

  /** The flushed units without a later store, by their number. */
  private final Map<Long, Integer> dirtyUnits = new HashMap<>();

  private DurabilityRules(StoreTrace trace, CrashMode mode) {
    this.trace = trace;
    this.mode = mode;
  }

  /** Returns the findings in a trace, in order. */
  public static List<CrashFinding> check(StoreTrace trace, CrashMode mode) {
    DurabilityRules rules = new DurabilityRules(trace, mode);
    rules.run();
    return List.copyOf(rules.findings);
  }

  private void run() {
    PendingStores pending = new PendingStores(mode, trace.initial());
    for (int i = 0; i < trace.events().size(); i++) {
      TraceEvent event = trace.events().get(i);
      switch (event.kind()) {
        case STORE -> store(i, event, pending);
        case LOAD -> load(event, pending);
        case FLUSH -> flush(i, event);
        case BEGIN -> operations.remove(event.thread());
        case ACKNOWLEDGE -> acknowledge(i, event, pending);
        case DRAIN, CREATE -> {}
      }
      boolean settles = pending.settles(event);
      pending.add(event);
      if (settles) {
        for (int store : pending.ended()) {
          becomesDurable(store, i, pending);
        }
      }
    }
  }

  private static int firstWord(TraceEvent event) {
    return (int) (event.offset() / Long.BYTES);
  }

  private static int lastWord(TraceEvent event) {
    return (int) ((event.offset() + event.length() - 1) / Long.BYTES);
  }

  private void store(int index, TraceEvent event, PendingStores pending) {
    if (event.length() == 0) {
      return;
    }
    for (int word = firstWord(event); word <= lastWord(event); word++) {
      lastStores.put(word, index);
      dirtyUnits.put(word * (long) Long.BYTES / mode.flushedBytes, index);
    }
    operations.computeIfAbsent(event.thread(), _ -> new ArrayList<>()).add(index);
    Map<Integer, Integer> seen = loaded.getOrDefault(event.thread(), Map.of());
    if (event.order() == StoreOrder.ORDERED) {
      dependOn(seen, index, index, pending);
    } else if (!seen.isEmpty()) {
      dependences.put(index, Map.copyOf(seen));
    }
  }

  private void load(TraceEvent event, PendingStores pending) {
    for (int word = firstWord(event); word <= lastWord(event) && event.length() > 0; word++) {
      Integer store = lastStores.get(word);
      if (store != null
          && trace.events().get(store).thread() != event.thread()
          && pending.isPending(store)) {
        loaded.computeIfAbsent(event.thread(), _ -> new LinkedHashMap<>()).put(store, word);
      }
    }
  }

  private void flush(int index, TraceEvent event) {
    if (mode == CrashMode.AUTO_FLUSH || event.length() == 0) {
      return;
    }
    boolean useful = event.call().startsWith("write") || event.call().equals(SYNC);
    long last = (event.offset() + event.length() - 1) / mode.flushedBytes;
    for (long unit = event.offset() / mode.flushedBytes; unit <= last; unit++) {
      useful |= dirtyUnits.remove(unit) != null;
    }
    if (!useful) {
      add(
          CrashFinding.Kind.REDUNDANT_FLUSH,
          index,
          event.call()
              + "("
              + event.offset()
              + ", "
              + event.length()
              + ") at "
              + event.site()
              + " finds no store that was not flushed since",
          List.of());
    }
  }

  private void acknowledge(int index, TraceEvent event, PendingStores pending) {
    List<StoreFate> missing = new ArrayList<>();
    for (int own : operations.getOrDefault(event.thread(), List.of())) {
      if (pending.isPending(own)) {
        missing.add(
            new StoreFate(
                own, trace.events().get(own), 1, 0, "not durable when it is acknowledged"));
      }
    }
    operations.remove(event.thread());
    if (!missing.isEmpty()) {
      TraceEvent first = missing.get(0).store();
      add(
          CrashFinding.Kind.NOT_DURABLE,
          index,
          "acknowledged at "
              + event.site()
              + " before the store at "
              + first.site()
              + " is durable",
          missing);
    }
  }

  private void becomesDurable(int store, int at, PendingStores pending) {
    Map<Integer, Integer> seen = dependences.remove(store);
    if (seen != null) {
      dependOn(seen, store, at, pending);
    }
  }

  private void dependOn(Map<Integer, Integer> seen, int store, int at, PendingStores pending) {
    for (int other : seen.keySet()) {
      if (pending.isPending(other)) {
        TraceEvent theirs = trace.events().get(other);
        TraceEvent own = trace.events().get(store);
        add(
            CrashFinding.Kind.DEPENDS_ON_UNPERSISTED,
            at,
            "the store at "
                + own.site()
                + " by thread "
                + own.thread()
                + " becomes durable and depends on the store at "
                + theirs.site()
                + " by thread "
                + theirs.thread()
                + ", which is not durable",
            List.of(new StoreFate(other, theirs, 1, 0, "loaded by thread " + own.thread())));
      }
    }
  }

  private void add(CrashFinding.Kind kind, int event, String message, List<StoreFate> stores) {
    CrashFinding finding =
        new CrashFinding(
            kind, mode, message, null, event, false, trace.events().get(event).site(), stores, "");
    if (findings.stream().noneMatch(finding::sameAs)) {
      findings.add(finding);
    }
  }
}
