// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.ReservationWindow;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.ext2.xattr.AttributeBlocks;
import io.pmem4j.ext2.xattr.AttributeHost;
import io.pmem4j.ext2.xattr.AttributeNamespace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The extended attributes of an inode: {@code i_file_acl} and {@code xattr_sem}. Nobody is asked
 * for permission here. Thread-safe.
 */
public final class ExtendedAttributes implements AttributeHost {
  private final Ext2Inode inode;
  private final Volume volume;
  private final AttributeBlocks blocks;
  private final OrderedRwSemaphore xattrSem;

  /** {@code i_file_acl}: set when the inode is read, then changed under {@code xattr_sem}. */
  volatile int block;

  /** {@code S_NOSEC}: a write need not look for privileges of a program. */
  private volatile boolean noSecurity;

  ExtendedAttributes(Ext2Inode inode, AttributeBlocks blocks) {
    this.inode = inode;
    this.volume = inode.volume();
    this.blocks = blocks;
    this.xattrSem =
        new OrderedRwSemaphore(
            volume.instrumentation().scheduler(),
            volume.validator(),
            LockClass.XATTR_SEM,
            "xattr_sem of " + inode);
  }

  private static AttributeBlocks.Name name(AttributeNamespace space, String rest) {
    return new AttributeBlocks.Name(space.index(), rest);
  }

  /**
   * Returns the value of an attribute; null if there is none.
   *
   * @param rest the name behind the prefix of its name space, a byte a character
   * @throws Ext2Exception ERANGE for a long name, EIO
   */
  public byte @Nullable [] get(AttributeNamespace space, String rest) throws Ext2Exception {
    return blocks.get(this, name(space, rest));
  }

  /**
   * Returns the names of all attributes.
   *
   * @throws Ext2Exception EIO
   */
  public List<AttributeBlocks.Name> list() throws Ext2Exception {
    return blocks.list(this);
  }

  /**
   * Creates, replaces or removes an attribute.
   *
   * @param value null removes it
   * @param flags {@link AttributeBlocks#CREATE}, {@link AttributeBlocks#REPLACE}
   * @throws Ext2Exception ERANGE, ENODATA, EEXIST, ENOSPC, EIO
   */
  public void set(AttributeNamespace space, String rest, byte @Nullable [] value, int flags)
      throws Ext2Exception {
    if (space == AttributeNamespace.SECURITY) {
      noSecurity = false;
    }
    blocks.set(this, name(space, rest), value, flags);
  }

  /** Returns true if the file is known to give its program no privileges: {@code S_NOSEC}. */
  boolean hasNoSecurity() {
    return noSecurity;
  }

  void hasNoSecurity(boolean known) {
    noSecurity = known;
  }

  /** {@code ext2_xattr_delete_inode}: the inode, which has no user, gives its block back. */
  void delete() {
    blocks.delete(this);
  }

  @Override
  public OrderedRwSemaphore xattrSem() {
    return xattrSem;
  }

  @Override
  public long attributeBlock() {
    return Integer.toUnsignedLong(block);
  }

  @Override
  public void attributeBlock(long number) {
    xattrSem.assertHeldExclusively();
    if (block != (int) number) {
      block = (int) number;
      inode.markDirty();
    }
  }

  @Override
  public long attributeGoal() {
    var geometry = volume.geometry();
    return geometry.groupFirstBlock(geometry.groupOfInode(inode.number()));
  }

  @Override
  public @Nullable ReservationWindow reservation() {
    BlockAllocInfo info = inode.blockAllocInfo;
    return info == null ? null : info.window();
  }

  @Override
  public void addSectors(long sectors) {
    inode.addSectors(sectors);
  }

  /**
   * {@code ext2_xattr_set2} does not mark an inode that syncs its writes: if nothing else of it is
   * dirty, the medium keeps the old ctime.
   */
  @Override
  public void attributesChanged() {
    AttributeSync sync =
        volume.instrumentation().variation().part(AttributeSync.class, AttributeSync.LINUX_5_10);
    if (inode.syncsWrites() && !sync.marks() && !volume.order().isOrdered()) {
      inode.times().ctimeOfClean(volume.now());
    } else {
      inode.times().ctime(volume.now());
    }
  }

  @Override
  public boolean syncsWrites() {
    return inode.syncsWrites();
  }

  @Override
  public void writeOut() throws Ext2Exception {
    if (!inode.ownedByOneTask && inode.changes().any()) {
      // Nothing on the medium leads to an inode that is being made.
      inode.writeOut();
    }
  }

  @Override
  public String toString() {
    return inode.toString();
  }
}
