// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of inodes, by name index and name: {@code ext2_xattr_get}, {@code
 * ext2_xattr_list}, {@code ext2_xattr_set} and {@code ext2_xattr_delete_inode}. Thread-safe.
 *
 * <pre>
 *   xattr_sem of the inode
 *     buffer lock of a block       one at a time
 *       c_list_lock, blockgroup_lock
 *     s_rsv_window_lock            for the window of the file, as for its data
 * </pre>
 *
 * <p>An inode has one block for all its attributes. Inodes with the same attributes share a block,
 * which counts them; a block with one reference is changed in place, another one is copied first.
 * With {@code mount -o ordered} each change makes a copy: new block, its bit and its references |
 * the inode that leads to it | what the old block loses. Each bar is a drain.
 */
public final class AttributeBlocks {
  /** {@link #set} fails if the attribute exists: XATTR_CREATE. */
  public static final int CREATE = 1;

  /** {@link #set} fails if the attribute does not exist: XATTR_REPLACE. */
  public static final int REPLACE = 2;

  /** Bytes of the longest name behind its prefix. */
  public static final int MOST_NAME_BYTES = 255;

  private static final int MOST_REFERENCES = 1024;

  private final Volume volume;
  private final Geometry geometry;
  private final BlockAllocator blocks;
  private final BlockBuffers buffers;
  private final AttributeCache cache;
  private final AttributeWindows windows;

  /** The attributes of a volume's inodes; nothing is known of its blocks yet. */
  public AttributeBlocks(Volume volume, BlockAllocator blocks) {
    this.volume = volume;
    this.geometry = volume.geometry();
    this.blocks = blocks;
    this.buffers = new BlockBuffers(volume);
    this.windows =
        volume
            .instrumentation()
            .variation()
            .part(AttributeWindows.class, AttributeWindows.LINUX_5_10);
    this.cache = new AttributeCache(volume.instrumentation().scheduler(), volume.validator());
  }

  /**
   * The name of an attribute.
   *
   * @param nameIndex its name space, {@link AttributeNamespace#index}
   * @param rest the name without the prefix, a byte a character
   */
  public record Name(int nameIndex, String rest) {
    byte[] bytes() {
      return rest.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  private CorruptFileSystemException bad(AttributeHost host) {
    volume.error(host + ": bad block " + host.attributeBlock());
    return new CorruptFileSystemException(
        Errno.EIO,
        host.toString(),
        "block " + host.attributeBlock() + " of attributes",
        "a damaged header or entry",
        "a list of entries");
  }

  private static void requireShort(Name name) throws Ext2Exception {
    if (name.rest().length() > MOST_NAME_BYTES) {
      throw new Ext2Exception(Errno.ERANGE, "a name of " + name.rest().length() + " bytes");
    }
  }

  private AttributeBlock load(AttributeHost host) throws Ext2Exception {
    AttributeBlock block = buffers.get(host.attributeBlock()).load();
    if (!block.hasValidHeader()) {
      throw bad(host);
    }
    return block;
  }

  /**
   * Returns the value of an attribute; null if there is none.
   *
   * @throws Ext2Exception ERANGE for a long name, EIO
   */
  public byte @Nullable [] get(AttributeHost host, Name name) throws Ext2Exception {
    requireShort(name);
    try (var _ = host.xattrSem().shared()) {
      if (host.attributeBlock() == 0) {
        return null;
      }
      AttributeBlock block = load(host);
      AttributeBlock.Place place = block.find(name.nameIndex(), name.bytes());
      if (place == null) {
        throw bad(host);
      }
      cache.insert(block.hash(), host.attributeBlock());
      return place.found() ? block.value(place.here()) : null;
    }
  }

  /**
   * Returns the names of all attributes, in the order of the block.
   *
   * @throws Ext2Exception EIO
   */
  public List<Name> list(AttributeHost host) throws Ext2Exception {
    List<Name> names = new ArrayList<>();
    try (var _ = host.xattrSem().shared()) {
      if (host.attributeBlock() != 0) {
        AttributeBlock block = load(host);
        if (!block.visit(
            (index, name) ->
                names.add(new Name(index, new String(name, StandardCharsets.ISO_8859_1))))) {
          throw bad(host);
        }
        cache.insert(block.hash(), host.attributeBlock());
      }
    }
    return names;
  }

  /**
   * Creates, replaces or removes an attribute.
   *
   * @param value null removes it; without {@link #REPLACE} there need be none then
   * @param flags {@link #CREATE}, {@link #REPLACE}
   * @throws Ext2Exception ERANGE, ENODATA, EEXIST, ENOSPC, EIO
   */
  public void set(AttributeHost host, Name name, byte @Nullable [] value, int flags)
      throws Ext2Exception {
    requireShort(name);
    if (value != null && value.length > geometry.blockBytes()) {
      throw new Ext2Exception(Errno.ERANGE, "a value of " + value.length + " bytes");
    }
    try (var _ = host.xattrSem().exclusive()) {
      boolean exists = host.attributeBlock() != 0;
      AttributeBlock block = exists ? load(host) : AttributeBlock.empty(geometry.blockBytes());
      AttributeBlock.Place place = block.locate(name.nameIndex(), name.bytes());
      if (place == null) {
        throw bad(host);
      }
      if (!place.found() && (flags & REPLACE) != 0) {
        throw new Ext2Exception(Errno.ENODATA, host + " has no such attribute");
      }
      if (!place.found() && value == null) {
        return;
      }
      if (place.found() && (flags & CREATE) != 0) {
        throw new Ext2Exception(Errno.EEXIST, host + " has that attribute");
      }
      if (!block.fits(place, name.rest().length(), value == null ? 0 : value.length)) {
        throw new Ext2Exception(Errno.ENOSPC, "the block of attributes of " + host + " is full");
      }
      BlockBuffers.Buffer old = exists ? buffers.get(host.attributeBlock()) : null;
      boolean inPlace = change(old, block, place, name, value);
      update(host, old, block.isEmpty() ? null : block, inPlace);
    }
  }

  /**
   * Changes the copy of a block, and the block itself if it has one reference. An emptied block is
   * not stored: it goes.
   *
   * @return whether the block itself was changed
   */
  private boolean change(
      BlockBuffers.@Nullable Buffer old,
      AttributeBlock block,
      AttributeBlock.Place place,
      Name name,
      byte @Nullable [] value) {
    if (old != null && !volume.order().isOrdered()) {
      try (var _ = old.hold()) {
        if (old.load().refcount() == 1) {
          // Under the lock, so that a task that found the block in the cache notices.
          cache.delete(block.hash(), old.block());
          apply(block, place, name, value);
          if (!block.isEmpty()) {
            old.store(block);
          }
          return true;
        }
      }
    }
    apply(block, place, name, value);
    return false;
  }

  private static void apply(
      AttributeBlock block, AttributeBlock.Place place, Name name, byte @Nullable [] value) {
    block.refcount(1);
    if (value == null) {
      block.remove(place, name.rest().length());
    } else {
      block.set(place, name.nameIndex(), name.bytes(), value);
    }
  }

  /** {@code ext2_xattr_set2}: the inode leads to the new block, then the old one goes. */
  private void update(
      AttributeHost host,
      BlockBuffers.@Nullable Buffer old,
      @Nullable AttributeBlock block,
      boolean inPlace)
      throws Ext2Exception {
    BlockBuffers.Buffer now = block == null ? null : share(host, old, block);
    if (block != null && now == null) {
      if (old != null && inPlace) {
        now = old;
        cache.insert(block.hash(), now.block());
      } else {
        now = allocate(host, block);
      }
    }
    boolean releases = old != null && (now == null || now.block() != old.block());
    volume.order().drain();
    host.attributeBlock(now == null ? 0 : now.block());
    host.attributesChanged();
    if (host.syncsWrites() || (releases && volume.order().isOrdered())) {
      host.writeOut();
      volume.dirtyBlocks().writeOut();
    }
    if (old != null && releases) {
      release(host, old);
    }
  }

  /** {@code ext2_xattr_cache_find}: adds a reference to a block with the same attributes. */
  private BlockBuffers.@Nullable Buffer share(
      AttributeHost host, BlockBuffers.@Nullable Buffer old, AttributeBlock block) {
    if (block.hash() == 0) {
      return null;
    }
    AttributeCache.Entry entry = cache.find(block.hash(), null);
    while (entry != null) {
      BlockBuffers.Buffer candidate = buffers.get(entry.block());
      boolean hashed;
      try (HeldLock _ = candidate.hold()) {
        // While the lock is held the block is neither changed nor freed.
        hashed = entry.isHashed();
        AttributeBlock its = candidate.load();
        if (hashed
            && Integer.compareUnsigned(its.refcount(), MOST_REFERENCES) <= 0
            && block.hasSameAttributes(its)) {
          if (old == null || old.block() != candidate.block()) {
            host.addSectors(geometry.sectorsPerBlock());
            candidate.refcount(its.refcount() + 1);
          }
          return candidate;
        }
      }
      entry = cache.find(block.hash(), hashed ? entry : null);
    }
    return null;
  }

  private BlockBuffers.Buffer allocate(AttributeHost host, AttributeBlock block)
      throws Ext2Exception {
    long made =
        blocks
            .newBlocks(
                volume.instrumentation().allocatorUser().get(),
                windows.used() ? host.reservation() : null,
                host.attributeGoal(),
                1)
            .first();
    host.addSectors(geometry.sectorsPerBlock());
    BlockBuffers.Buffer buffer = buffers.get(made);
    try (var _ = buffer.hold()) {
      buffer.store(block);
    }
    cache.insert(block.hash(), made);
    volume.requireExtendedAttributes();
    return buffer;
  }

  /** Frees a block that an inode leads to no more, or takes a reference from it. */
  private void release(AttributeHost host, BlockBuffers.Buffer old) {
    try (var _ = old.hold()) {
      AttributeBlock block = old.load();
      if (block.refcount() == 1) {
        cache.delete(block.hash(), old.block());
        host.addSectors(-(long) blocks.freeBlocks(old.block(), 1) * geometry.sectorsPerBlock());
      } else {
        old.refcount(block.refcount() - 1);
        host.addSectors(-geometry.sectorsPerBlock());
      }
    }
  }

  /** {@code ext2_xattr_delete_inode}: the inode, which nobody else has, loses its block. */
  public void delete(AttributeHost host) {
    try (var _ = host.xattrSem().exclusiveUncontended()) {
      if (host.attributeBlock() == 0) {
        return;
      }
      if (!geometry.dataBlocksValid(host.attributeBlock(), 1)) {
        volume.error(host + ": xattr block " + host.attributeBlock() + " is out of range");
        return;
      }
      BlockBuffers.Buffer buffer = buffers.get(host.attributeBlock());
      if (!buffer.load().hasValidHeader()) {
        volume.error(host + ": bad block " + host.attributeBlock());
        return;
      }
      if (volume.order().isOrdered()) {
        // The inode has lost its links on the medium before its block is free there.
        volume.dirtyBlocks().writeOut();
      }
      release(host, buffer);
      if (host.syncsWrites()) {
        volume.dirtyBlocks().writeOut(host.attributeBlock());
      }
      host.attributeBlock(0);
    }
  }
}
