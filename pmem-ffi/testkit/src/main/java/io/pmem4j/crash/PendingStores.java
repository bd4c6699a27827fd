// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The stores of a trace that are not durable for certain, up to a point that moves forward. The
 * image holds what is durable for certain; an enumeration changes it and changes it back. An event
 * costs what it touches, whatever else is pending: a guest's trace has millions of them.
 */
final class PendingStores {
  /** The keys of words of a file system begin here. */
  private static final long METADATA = 1L << 40;

  private final CrashMode mode;
  private final long[] image;

  private final Map<Integer, PendingWord> words = new HashMap<>();

  /** The units in the order of their first store; words around the caches have keys below 0. */
  private final Map<Long, OrderedUnit> units = new LinkedHashMap<>();

  /** The units that a flush can reach, by their keys. */
  private final NavigableMap<Long, OrderedUnit> cached = new TreeMap<>();

  /** For each thread the words that it has stored around the caches. */
  private final Map<Integer, Set<OrderedUnit>> bypassed = new HashMap<>();

  /** For each thread the units that it has flushed since its last drain, up to an event. */
  private final Map<Integer, Map<OrderedUnit, Integer>> flushed = new HashMap<>();

  /** For each thread the units that it has stored to since its last drain. */
  private final Map<Integer, Set<OrderedUnit>> stored = new HashMap<>();

  /** The number of pending atoms of each store, by its event. */
  private final Map<Integer, Integer> pending = new HashMap<>();

  /** The stores of which the last event has left nothing pending. */
  private final List<Integer> ended = new ArrayList<>();

  /** The event that {@link #settles} was asked about, until it is added, and what it settles. */
  private @Nullable TraceEvent asked;

  private List<Atom> settledByAsked = List.of();

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
    settledByAsked = settledBy(event);
    asked = event;
    return !settledByAsked.isEmpty();
  }

  /** Returns true if a part of the store with this event is not durable for certain. */
  boolean isPending(int store) {
    return pending.containsKey(store);
  }

  /** Returns the stores of which the last event has left nothing pending, in their order. */
  List<Integer> ended() {
    return ended.stream().sorted().toList();
  }

  /** Moves the point past an event. */
  void add(TraceEvent event) {
    ended.clear();
    List<Atom> settled = event == asked ? settledByAsked : settledBy(event);
    asked = null;
    switch (event.kind()) {
      case STORE -> store(event);
      case FLUSH -> {
        settle(settled);
        flush(event);
      }
      case DRAIN -> {
        settle(settled);
        flushed.remove(event.thread());
        stored.remove(event.thread());
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
      OrderedUnit unit =
          units.computeIfAbsent(key, _ -> begin(new OrderedUnit(key, around, metadata), event));
      unit.atoms.add(atom);
      atom.unit = unit;
      pending.merge(events, 1, Integer::sum);
      if (mode == CrashMode.AUTO_FLUSH && !metadata) {
        stored.computeIfAbsent(event.thread(), _ -> new LinkedHashSet<>()).add(unit);
      }
    }
    if (ordered) {
      batch++;
    }
  }

  private OrderedUnit begin(OrderedUnit unit, TraceEvent store) {
    if (unit.bypass) {
      bypassed.computeIfAbsent(store.thread(), _ -> new LinkedHashSet<>()).add(unit);
    } else {
      cached.put(unit.key, unit);
    }
    return unit;
  }

  private void end(OrderedUnit unit, int thread) {
    units.remove(unit.key);
    cached.remove(unit.key);
    if (unit.bypass) {
      Objects.requireNonNull(bypassed.get(thread)).remove(unit);
    }
  }

  /** Returns the units whose words a flush covers. */
  private List<OrderedUnit> flushedBy(TraceEvent flush) {
    List<OrderedUnit> covered = new ArrayList<>();
    if (flush.length() > 0) {
      long from = flush.offset() / mode.flushedBytes * mode.flushedBytes;
      long to = flush.offset() + flush.length();
      to = (to + mode.flushedBytes - 1) / mode.flushedBytes * mode.flushedBytes;
      if (mode != CrashMode.AUTO_FLUSH) {
        covered.addAll(between(from / mode.orderedBytes, to / mode.orderedBytes));
      }
      covered.addAll(between(METADATA + from / Long.BYTES, METADATA + to / Long.BYTES));
    }
    return covered;
  }

  private Collection<OrderedUnit> between(long key, long end) {
    return cached.subMap(key, end).values();
  }

  private void flush(TraceEvent event) {
    if (mode != CrashMode.PAGE) {
      Map<OrderedUnit, Integer> own =
          flushed.computeIfAbsent(event.thread(), _ -> new LinkedHashMap<>());
      flushedBy(event).forEach(unit -> own.put(unit, events));
    }
  }

  private List<Atom> settledBy(TraceEvent event) {
    List<Atom> settled = new ArrayList<>();
    if (event.kind() == TraceEvent.Kind.DRAIN) {
      flushed
          .getOrDefault(event.thread(), Map.of())
          .forEach((unit, until) -> addOlder(unit, until, settled));
      switch (mode) {
        case X86, JAVA ->
            bypassed
                .getOrDefault(event.thread(), Set.of())
                .forEach(unit -> settled.addAll(unit.atoms));
        case AUTO_FLUSH -> {
          // Names and lengths are not among the units: only a sync of their own settles them.
          for (OrderedUnit unit : stored.getOrDefault(event.thread(), Set.of())) {
            int last = -1;
            for (Atom atom : unit.atoms) {
              last = atom.thread == event.thread() ? atom.event : last;
            }
            addOlder(unit, last + 1, settled);
          }
        }
        case PAGE -> {}
      }
    } else if (event.kind() == TraceEvent.Kind.FLUSH && mode == CrashMode.PAGE) {
      flushedBy(event).forEach(unit -> settled.addAll(unit.atoms));
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
    Set<PendingWord> settled = new HashSet<>();
    Set<OrderedUnit> touched = new HashSet<>();
    for (Atom atom : durable) {
      // Older atoms of the word, which lose the bytes, may be of another unit.
      for (Atom each : atom.word.atoms) {
        OrderedUnit unit = each.unit;
        if (unit != null) {
          touched.add(unit);
        }
      }
      atom.word.settle(atom);
      image[atom.word.index] = atom.word.base;
      atom.mask = 0;
      settled.add(atom.word);
    }
    for (PendingWord word : settled) {
      word.atoms.removeIf(atom -> atom.mask == 0);
      if (word.atoms.isEmpty()) {
        words.remove(word.index);
      }
    }
    for (OrderedUnit unit : touched) {
      int thread = unit.atoms.get(0).thread;
      unit.atoms.forEach(this::countIfGone);
      unit.atoms.removeIf(atom -> atom.mask == 0);
      if (unit.atoms.isEmpty()) {
        end(unit, thread);
      }
    }
  }

  private void countIfGone(Atom atom) {
    if (atom.mask != 0) {
      return;
    }
    int left = Objects.requireNonNull(pending.remove(atom.event)) - 1;
    if (left > 0) {
      pending.put(atom.event, left);
    } else {
      ended.add(atom.event);
    }
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
