// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The stores of a trace that are not durable for certain, up to a point that moves forward. The
 * image holds what is durable for certain; an enumeration changes it and changes it back.
 */
final class PendingStores {
  /** The keys of words of a file system begin here. */
  private static final long METADATA = 1L << 40;

  private final CrashMode mode;
  private final long[] image;

  private final Map<Integer, PendingWord> words = new HashMap<>();

  /** The units in the order of their first store; words around the caches have keys below 0. */
  private final Map<Long, OrderedUnit> units = new LinkedHashMap<>();

  /** For each thread the units that it has flushed since its last drain, up to an event. */
  private final Map<Integer, Map<OrderedUnit, Integer>> flushed = new HashMap<>();

  private int batch;
  private int lastThread;
  private int events;
  private long nextBypass = -1;

  PendingStores(CrashMode mode, long[] image) {
    this.mode = mode;
    this.image = image;
  }

  /** Returns the number of events that have been added. */
  int events() {
    return events;
  }

  /** Returns true if the event makes a pending store durable for certain. */
  boolean settles(TraceEvent event) {
    return !settledBy(event).isEmpty();
  }

  /** Moves the point past an event. */
  void add(TraceEvent event) {
    switch (event.kind()) {
      case STORE -> store(event);
      case FLUSH -> {
        settle(settledBy(event));
        flush(event);
      }
      case DRAIN -> {
        settle(settledBy(event));
        flushed.remove(event.thread());
        batch++;
      }
      case LOAD, BEGIN, CREATE, ACKNOWLEDGE -> {}
    }
    events++;
  }

  private void store(TraceEvent event) {
    boolean metadata = event.order() == StoreOrder.METADATA;
    boolean ordered = event.order() == StoreOrder.ORDERED || metadata;
    if (mode != CrashMode.JAVA || ordered || event.thread() != lastThread) {
      batch++;
    }
    lastThread = event.thread();
    boolean bypass =
        event.order() == StoreOrder.BYPASS && (mode == CrashMode.X86 || mode == CrashMode.JAVA);
    long first = event.offset() / Long.BYTES;
    long last = (event.offset() + event.length() - 1) / Long.BYTES;
    for (long index = first; index <= last; index++) {
      PendingWord word = words.computeIfAbsent((int) index, at -> new PendingWord(at, image[at]));
      Atom atom =
          new Atom(events, event.thread(), batch, word, event.mask(index), event.bits(index));
      word.atoms.add(atom);
      if (event.order() == StoreOrder.DURABLE) {
        settle(List.of(atom));
        continue;
      }
      // Only whole words go around the caches.
      boolean around = bypass && atom.mask == -1;
      long key =
          around
              ? nextBypass--
              : metadata ? METADATA + index : index * Long.BYTES / mode.orderedBytes;
      units.computeIfAbsent(key, _ -> new OrderedUnit(around, metadata)).atoms.add(atom);
    }
    if (ordered) {
      batch++;
    }
  }

  private boolean isFlushed(OrderedUnit unit, TraceEvent flush) {
    if (unit.bypass || flush.length() == 0) {
      return false;
    }
    long from = flush.offset() / mode.flushedBytes * mode.flushedBytes;
    long to = flush.offset() + flush.length();
    to = (to + mode.flushedBytes - 1) / mode.flushedBytes * mode.flushedBytes;
    long at = unit.atoms.get(0).word.index * (long) Long.BYTES;
    return from <= at && at < to;
  }

  private void flush(TraceEvent event) {
    if (mode != CrashMode.PAGE) {
      Map<OrderedUnit, Integer> own =
          flushed.computeIfAbsent(event.thread(), _ -> new LinkedHashMap<>());
      for (OrderedUnit unit : units.values()) {
        if ((mode != CrashMode.AUTO_FLUSH || unit.metadata) && isFlushed(unit, event)) {
          own.put(unit, events);
        }
      }
    }
  }

  private List<Atom> settledBy(TraceEvent event) {
    List<Atom> settled = new ArrayList<>();
    if (event.kind() == TraceEvent.Kind.DRAIN) {
      flushed
          .getOrDefault(event.thread(), Map.of())
          .forEach((unit, until) -> addOlder(unit, until, settled));
      switch (mode) {
        case X86, JAVA -> {
          for (OrderedUnit unit : units.values()) {
            if (unit.bypass && unit.atoms.get(0).thread == event.thread()) {
              settled.addAll(unit.atoms);
            }
          }
        }
        case AUTO_FLUSH -> {
          for (OrderedUnit unit : units.values()) {
            int last = -1;
            for (Atom atom : unit.atoms) {
              last = atom.thread == event.thread() ? atom.event : last;
            }
            addOlder(unit, unit.metadata ? 0 : last + 1, settled);
          }
        }
        case PAGE -> {}
      }
    } else if (event.kind() == TraceEvent.Kind.FLUSH && mode == CrashMode.PAGE) {
      for (OrderedUnit unit : units.values()) {
        if (isFlushed(unit, event)) {
          settled.addAll(unit.atoms);
        }
      }
    }
    settled.sort(Comparator.comparingInt(atom -> atom.event));
    return settled;
  }

  private static void addOlder(OrderedUnit unit, int until, List<Atom> settled) {
    for (Atom atom : unit.atoms) {
      if (atom.event < until) {
        settled.add(atom);
      }
    }
  }

  private void settle(List<Atom> durable) {
    if (durable.isEmpty()) {
      return;
    }
    for (Atom atom : durable) {
      atom.word.settle(atom);
      image[atom.word.index] = atom.word.base;
      atom.mask = 0;
    }
    units
        .values()
        .removeIf(unit -> {
          unit.atoms.removeIf(atom -> atom.mask == 0);
          return unit.atoms.isEmpty();
        });
    words.values().forEach(word -> word.atoms.removeIf(atom -> atom.mask == 0));
    words.values().removeIf(word -> word.atoms.isEmpty());
  }

  /** Returns the units, with their states computed. */
  List<OrderedUnit> freeze() {
    List<OrderedUnit> all = List.copyOf(units.values());
    all.forEach(OrderedUnit::freeze);
    return all;
  }

  /** Returns all pending atoms in the order of their stores. */
  List<Atom> atoms() {
    List<Atom> all = new ArrayList<>();
    units.values().forEach(unit -> all.addAll(unit.atoms));
    all.sort(
        Comparator.comparingInt((Atom atom) -> atom.event)
            .thenComparingInt(atom -> atom.word.index));
    return all;
  }
}
