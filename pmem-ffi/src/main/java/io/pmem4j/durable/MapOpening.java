// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The choice of the root when a map is opened: the newest commit whose pages are all whole. Earlier
 * commits wrote the rest of its tree and were durable before it began.
 */
final class MapOpening {
  private final MapPages pages;
  private final PersistentMemory memory;
  private final long[] slots = new long[2];
  private final List<MapRoot> candidates = new ArrayList<>();

  /** The pages that the chosen commit wrote. */
  private List<MapNode> written = List.of();

  private boolean confirmed;
  private MapRoot root = MapRoot.EMPTY;

  /**
   * Finds the root.
   *
   * @throws DurableFormatException if the memory is too short for it
   * @throws DurableCorruptionException if a commit is damaged that was durable
   */
  MapOpening(MapPages pages) {
    this.pages = pages;
    this.memory = pages.memory();
    for (int slot = 0; slot < 2; slot++) {
      add(slot);
    }
    candidates.sort(Comparator.comparingLong(MapRoot::sequence).reversed());
    for (MapRoot candidate : candidates) {
      List<MapNode> found = wholePages(candidate);
      if (found != null) {
        root = candidate;
        written = found;
        break;
      }
    }
    // A map whose first commit was torn has no other root. Each later commit leaves one.
    if (root.node() == null && slots[0] != 0) {
      throw new DurableCorruptionException("no root of the map is whole", -1);
    }
    checkNothingConfirmedIsMissing();
    confirmed = root.node() == null || isConfirmed(root.sequence());
  }

  private void add(int slot) {
    try {
      slots[slot] = memory.getLong(MapHeader.rootAt(slot));
    } catch (PmemMediaException poisoned) {
      slots[slot] = -1;
      return;
    }
    if (slots[slot] == 0) {
      return;
    }
    checkLength(Integer.toUnsignedLong(MapNode.page(slots[slot])) + 1);
    MapNode node = pages.find(slots[slot]);
    if (node != null && MapPage.kind(node.bytes) != MapPage.PART && (node.sequence & 1) == slot) {
      MapRoot candidate = MapRoot.of(node);
      checkLength(candidate.end());
      candidates.add(candidate);
    }
  }

  private void checkLength(long end) {
    if (end > pages.count()) {
      throw new DurableFormatException(
          "the map has "
              + end
              + " pages and the memory room for "
              + pages.count()
              + ": it was cut short");
    }
  }

  /** Returns the pages that a commit wrote, or null if one is not whole. */
  private @Nullable List<MapNode> wholePages(MapRoot candidate) {
    List<long[]> pointers = new ArrayList<>();
    List<MapNode> found = new ArrayList<>();
    try {
      new MapWalk(pages, (word, level) -> pointers.add(new long[] {word}))
          .only(candidate.sequence())
          .walk(candidate);
      for (long[] pointer : pointers) {
        found.add(pages.get(pointer[0], candidate.sequence()));
      }
      return found;
    } catch (DurableCorruptionException torn) {
      return null;
    }
  }

  private boolean isConfirmed(long sequence) {
    try {
      return MapHeader.confirms(memory, pages.id, sequence);
    } catch (PmemMediaException poisoned) {
      return false;
    }
  }

  /** A commit is confirmed on the page of the root before it, so that one of the two is left. */
  private void checkNothingConfirmedIsMissing() {
    for (MapRoot candidate : candidates) {
      if (candidate.sequence() > root.sequence() && isConfirmed(candidate.sequence())) {
        throw damaged(candidate.sequence());
      }
    }
    if (isConfirmed(root.sequence() + 1)) {
      throw damaged(root.sequence() + 1);
    }
  }

  private static DurableCorruptionException damaged(long sequence) {
    return new DurableCorruptionException(
        "commit " + sequence + " of the map was durable and is damaged", -1);
  }

  MapRoot root() {
    return root;
  }

  /** Returns true if the root is known to be durable. */
  boolean isConfirmed() {
    return confirmed;
  }

  /** Returns true if the slot of the next commit may have the root of a torn commit. */
  boolean nextSlotIsTorn() {
    return slots[(int) (root.sequence() + 1) & 1] != 0
        && candidates.stream().noneMatch(other -> other.sequence() == root.sequence() - 1);
  }

  /** Returns the pages that the commit of the root wrote. */
  List<MapNode> written() {
    return written;
  }
}
