// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The root of a map, its snapshots, and the commits. A commit stores its pages, then the word that
 * names its root, and makes all of them durable at once: the word names the checksum of the root's
 * page, which has those of its children. So a commit is durable if and only if its pages are whole.
 */
final class MapWriter {
  private enum Kind {
    WRITER,
    ROOT,
    SNAPSHOTS
  }

  private static final long[] NONE = {};

  final MapPages pages;
  final Mutex lock;

  private final MapMemory whole;
  private final SharedState rootState;
  private final SharedState snapshotState;
  private final Set<MapSnapshot> snapshots = ConcurrentHashMap.newKeySet();
  private volatile MapRoot current;
  private volatile boolean closed;

  // Guarded by the lock.
  private boolean confirmed;
  private boolean nextSlotIsTorn;
  private boolean failed;

  /** True if the note that the latest commit is durable may not be durable itself. */
  private boolean noted;

  private @Nullable MapSpace space;

  MapWriter(MapMemory whole, MapPages pages, Scheduler scheduler) {
    this.whole = whole;
    this.pages = pages;
    this.lock = new Mutex(scheduler, "map", Kind.WRITER);
    this.rootState = new SharedState(scheduler, Kind.ROOT);
    this.snapshotState = new SharedState(scheduler, Kind.SNAPSHOTS);
    MapOpening opening = new MapOpening(pages);
    this.current = opening.root();
    this.confirmed = opening.isConfirmed();
    this.nextSlotIsTorn = opening.nextSlotIsTorn();
    if (!confirmed) {
      try {
        persist(opening.written(), current); // a kill may have left it in the caches only
      } catch (IllegalArgumentException readOnly) {
        // Then it can be read all the same, as far as a crash leaves it there.
      }
    }
  }

  /** Returns the root of the latest commit. */
  MapRoot current() {
    rootState.load();
    MapRoot root = current;
    checkOpen();
    return root;
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the map is closed");
    }
  }

  /** Returns a snapshot of the latest commit; its pages are not written until it is closed. */
  MapSnapshot snapshot() {
    while (true) {
      MapSnapshot snapshot = new MapSnapshot(this, current());
      snapshotState.store();
      snapshots.add(snapshot);
      if (current().sequence() == snapshot.sequence()) {
        return snapshot; // a commit that begins now meets it before it takes pages
      }
      end(snapshot);
    }
  }

  void end(MapSnapshot snapshot) {
    snapshotState.store();
    snapshots.remove(snapshot);
  }

  /** Returns the commits of which snapshots are open, in ascending order. */
  private long[] openSnapshots() {
    snapshotState.load();
    return snapshots.isEmpty()
        ? NONE
        : snapshots.stream().mapToLong(MapSnapshot::sequence).sorted().distinct().toArray();
  }

  /** Throws if an earlier commit failed. */
  void checkWritable() {
    checkOpen();
    if (failed) {
      throw new IllegalStateException(
          "an earlier commit failed and may be there after a restart; open the map again");
    }
  }

  /**
   * Commits the changes of a transaction; the caller holds the lock.
   *
   * @throws MapFullException if they do not fit; the map is unchanged
   */
  void commit(MapEdit edit) {
    checkWritable();
    if (edit.isEmpty()) {
      return;
    }
    MapSpace free = prepared();
    free.release(openSnapshots());
    MapRoot before = current;
    int reserve = edit.grown() ? before.level() + 2 : 0;
    int[] taken = take(free, edit.pages(), reserve);
    int end = before.end();
    for (int page : taken) {
      end = Math.max(end, page + 1);
    }
    PersistentMemory memory = pages.memory();
    MapCommit commit = new MapCommit(pages, edit, taken, before.sequence() + 1, end);
    try {
      commit.store();
    } catch (RuntimeException | Error refused) {
      free.give(taken); // no root names them
      throw refused;
    }
    MapRoot next = MapRoot.of(commit.written().getLast());
    failed = true;
    memory.putLongRelease(MapHeader.rootAt(next.sequence()), commit.written().getLast().word);
    persist(commit.written(), next);
    failed = false;
    commit.written().forEach(pages::cache);
    free.freeLater(edit.freed(), next.sequence());
    rootState.store();
    current = next;
    VarHandle.fullFence(); // the stores of the next commit come after it
    confirm(next.sequence());
  }

  /**
   * Takes free pages; if there are too few, the file grows before the commit stores anything.
   *
   * @param reserve pages that have to stay free
   */
  private int[] take(MapSpace free, int wanted, int reserve) {
    int missing = wanted + reserve - free.free();
    if (missing > 0) {
      pages.grown(whole.grow(pages.memory(), missing));
      free.grown(pages.count());
    }
    return free.take(wanted);
  }

  /** Makes the pages of a commit durable, with its root, by one drain or one sync. */
  private void persist(List<MapNode> written, MapRoot root) {
    PersistentMemory memory = pages.memory();
    if (memory.granularity() == Granularity.PAGE) {
      memory.persist(0, MapPages.at(root.end()));
      return;
    }
    for (MapNode node : written) {
      memory.flush(MapPages.at(MapNode.page(node.word)), node.bytes.length);
    }
    memory.flush(MapHeader.rootAt(root.sequence()), Long.BYTES);
    if (root.sequence() > 1) {
      memory.flush(MapHeader.confirmedAt(root.sequence() - 1), Long.BYTES);
    }
    memory.drain();
  }

  /** Notes that a commit is durable. The note is durable with the next commit or when closed. */
  private void confirm(long sequence) {
    PersistentMemory memory = pages.memory();
    memory.putLong(MapHeader.confirmedAt(sequence), MapHeader.confirmation(pages.id, sequence));
    confirmed = true;
    noted = true;
  }

  /** Makes the map ready for commits: what a crash left behind must not become valid later. */
  private MapSpace prepared() {
    MapSpace found = space;
    if (found == null) {
      found = new MapSpace(pages, current);
      PersistentMemory memory = pages.memory();
      MapHeader.mend(memory, pages.id);
      if (!confirmed) {
        confirm(current.sequence());
        memory.persist(MapHeader.confirmedAt(current.sequence()), Long.BYTES);
      }
      if (nextSlotIsTorn) {
        memory.publishLong(MapHeader.rootAt(current.sequence() + 1), 0);
        nextSlotIsTorn = false;
      }
      space = found;
    }
    return found;
  }

  /** Ends the use of the map; the caller holds the lock. */
  void close() {
    if (!closed) {
      closed = true;
      if (noted && !failed) {
        pages.memory().persist(MapHeader.confirmedAt(current.sequence()), Long.BYTES);
      }
    }
  }

  /** Returns the value of a key in the latest commit, or null. */
  byte @Nullable [] get(byte[] key) {
    MapRoot root = current();
    while (true) {
      try {
        return root.node() == null ? null : pages.value(root.node(), key);
      } catch (DurableCorruptionException damaged) {
        VarHandle.acquireFence();
        MapRoot newer = current();
        if (newer.sequence() == root.sequence()) {
          throw damaged;
        }
        root = newer; // commits have written over pages of the root that was read
      }
    }
  }
}
