// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a map, checked when they are read, and a cache of copies on the heap. A pointer
 * names the page, the checksum of its content and the commit that wrote it, so that neither a page
 * that was written again nor one that is being written passes for the page that is meant.
 * Thread-safe.
 */
final class MapPages {
  /** The most pages in the cache; a power of two. */
  private static final int MOST_CACHED = 1 << 14;

  final long id;

  /** The id as bytes, which each checksum begins with. */
  private final byte[] prefix;

  /** Replaced when the file grows, before a root names one of its new pages. */
  private volatile View view;

  /** The memory and the cache of its pages. */
  private static final class View {
    final PersistentMemory memory;
    final int count;

    /**
     * By number of the page. Plain accesses: a node is immutable, and checked against its pointer.
     */
    final @Nullable MapNode[] cache;

    View(PersistentMemory memory, int count, @Nullable MapNode[] cache) {
      this.memory = memory;
      this.count = count;
      this.cache = cache;
    }

    @Nullable MapNode cached(int page) {
      return cache[page & (cache.length - 1)];
    }

    void cache(MapNode node) {
      cache[MapNode.page(node.word) & (cache.length - 1)] = node;
    }
  }

  MapPages(PersistentMemory memory, long id) {
    this.id = id;
    this.prefix =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(id).array();
    this.view = view(memory);
  }

  private static View view(PersistentMemory memory) {
    int count = (int) Math.min(Integer.MAX_VALUE, memory.byteSize() / MapPage.SIZE);
    int slots = Integer.highestOneBit(Math.max(1, Math.min(count, MOST_CACHED)));
    return new View(memory, count, new MapNode[slots]);
  }

  /** Goes over to longer memory of the same content. */
  void grown(PersistentMemory memory) {
    View before = view;
    View after = view(memory);
    boolean same = after.cache.length == before.cache.length;
    view = same ? new View(memory, after.count, before.cache) : after;
  }

  PersistentMemory memory() {
    return view.memory;
  }

  /** Returns the number of pages that the memory has room for. */
  int count() {
    return view.count;
  }

  static long at(int page) {
    return (long) page * MapPage.SIZE;
  }

  /** Returns the checksum of a page's content. */
  int checksum(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(prefix, 0, prefix.length);
    sum.update(bytes, 0, bytes.length);
    return (int) sum.getValue();
  }

  /** Returns the word that names a page with this content. */
  long word(int page, byte[] bytes) {
    return (long) checksum(bytes) << 32 | Integer.toUnsignedLong(page);
  }

  /** Returns the page that a word names, or null if it is not whole. */
  @Nullable MapNode find(long word) {
    return find(view, word);
  }

  private @Nullable MapNode find(View here, long word) {
    int page = MapNode.page(word);
    if (page < MapHeader.FIRST_PAGE || page >= here.count) {
      return null;
    }
    PersistentMemory memory = here.memory;
    try {
      int used = memory.getInt(at(page) + 4);
      if (used < MapPage.HEADER_BYTES || used > MapPage.SIZE) {
        return null;
      }
      byte[] bytes = new byte[used];
      memory.read(at(page), bytes);
      return word(page, bytes) == word && MapPage.used(bytes) == used
          ? new MapNode(word, bytes)
          : null;
    } catch (PmemMediaException poisoned) {
      return null;
    }
  }

  /**
   * Returns the page that a pointer names.
   *
   * @param sequence the second word of the pointer
   * @throws DurableCorruptionException if it is not there
   */
  MapNode get(long word, long sequence) {
    View here = view;
    long wanted = sequence & ~MapPage.LARGE_BELOW;
    MapNode cached = here.cached(MapNode.page(word));
    if (cached != null && cached.word == word && cached.sequence == wanted) {
      return cached;
    }
    MapNode found = find(here, word);
    if (found == null || found.sequence != wanted) {
      throw new DurableCorruptionException(
          "page " + MapNode.page(word) + " is damaged or has no memory", at(MapNode.page(word)));
    }
    here.cache(found);
    return found;
  }

  /** Returns a child of a branch. */
  MapNode child(MapNode branch, int index) {
    int at = MapPage.payloadAt(branch.bytes, index);
    return get(MapPage.longAt(branch.bytes, at), MapPage.longAt(branch.bytes, at + 8));
  }

  /** Puts a page into the cache that was just written. */
  void cache(MapNode written) {
    view.cache(written);
  }

  /** Returns the value of a key below a page, or null. */
  byte @Nullable [] value(MapNode root, byte[] key) {
    MapNode node = root;
    while (!node.isLeaf()) {
      node = child(node, node.child(key));
    }
    int index = node.find(key);
    return index < 0 ? null : value(node.bytes, index);
  }

  /** Returns a value of a leaf. */
  byte[] value(byte[] leaf, int index) {
    byte[] payload = MapPage.payload(leaf, index);
    return MapPage.isLarge(leaf, index) ? LargeValue.read(this, payload) : payload;
  }
}
