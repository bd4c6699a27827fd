// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.Variation;
import io.pmem4j.ext2.acl.AclReading;
import io.pmem4j.ext2.dax.CachedPages;
import io.pmem4j.ext2.dax.UserCopyUnits;
import io.pmem4j.ext2.file.DirectOpens;
import io.pmem4j.ext2.file.FaultHandlers;
import io.pmem4j.ext2.file.FsyncLock;
import io.pmem4j.ext2.file.PageFilling;
import io.pmem4j.ext2.inode.AttributeSync;
import io.pmem4j.ext2.inode.DirtyOrder;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeLocks;
import io.pmem4j.ext2.inode.SettableFlags;
import io.pmem4j.ext2.inode.UnreadableZeros;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.page.BufferedIoRules;
import io.pmem4j.ext2.page.DirectIo;
import io.pmem4j.ext2.page.IomapDirectIo;
import io.pmem4j.ext2.volume.NobhOption;
import io.pmem4j.ext2.xattr.AttributeWindows;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A variation with the fault handlers of a profile and the locks of an order. The shipped handler
 * runs where both are those of the product. Thread-safe.
 */
public final class Lab extends Variation {
  private final Profile profile;
  private final LockOrder order;
  private final AtomicLong pageMkwrites = new AtomicLong();
  private final Map<Class<?>, Object> parts;

  private Lab(Profile profile, LockOrder order) {
    this.profile = profile;
    this.order = order;
    this.parts = parts();
  }

  /** Returns a variation with the handlers of a profile and the locks of an order. */
  public static Lab of(Profile profile, LockOrder order) {
    return new Lab(profile, order);
  }

  /** Returns a variation with the handlers of a profile and the locks of the product. */
  public static Lab of(Profile profile) {
    return new Lab(profile, LockOrder.MERGED);
  }

  /**
   * Returns the variation of an instrumentation.
   *
   * @throws ClassCastException if it is no lab
   */
  public static Lab of(Instrumentation instrumentation) {
    return (Lab) instrumentation.variation();
  }

  /** Returns the profile of the handlers. */
  public Profile profile() {
    return profile;
  }

  LockOrder order() {
    return order;
  }

  void countPageMkwrite() {
    pageMkwrites.incrementAndGet();
  }

  /** Returns the number of calls of {@code page_mkwrite} of all mounts with this variation. */
  public long pageMkwrites() {
    return pageMkwrites.get();
  }

  @Override
  public <T> T part(Class<T> type, T standard) {
    Object part = parts.get(type);
    return part == null ? standard : type.cast(part);
  }

  private Map<Class<?>, Object> parts() {
    Map<Class<?>, Object> own = new HashMap<>();
    own.put(LockOrder.class, profile.holePages() ? LabOrders.withHolePages(order) : order);
    if (profile == Profile.LINUX_6_1 || profile == Profile.LINUX_6_12) {
      own.put(SettableFlags.class, SettableFlags.LINUX_6_1);
      own.put(AttributeSync.class, AttributeSync.LINUX_6_1);
      own.put(DirtyOrder.class, DirtyOrder.LINUX_6_1);
      own.put(UnreadableZeros.class, UnreadableZeros.LINUX_6_1);
      own.put(PageFilling.class, PageFilling.LINUX_6_1);
      own.put(NobhOption.class, NobhOption.LINUX_6_1);
      own.put(BufferedIoRules.class, BufferedIoRules.LINUX_6_1);
    }
    if (profile == Profile.LINUX_6_1) {
      own.put(UserCopyUnits.class, UserCopyUnits.LINUX_6_1);
    } else if (profile == Profile.LINUX_6_12) {
      own.put(UserCopyUnits.class, UserCopyUnits.LINUX_6_12);
      own.put(AclReading.class, AclReading.LINUX_6_12);
      own.put(AttributeWindows.class, AttributeWindows.LINUX_6_12);
      own.put(DirectOpens.class, DirectOpens.LINUX_6_12);
      own.put(FsyncLock.class, FsyncLock.LINUX_6_12);
      own.put(DirectIo.Maker.class, (DirectIo.Maker) IomapDirectIo::new);
    }
    if (profile.holePages()) {
      own.put(CachedPages.Maker.class, (CachedPages.Maker) HolePages::new);
    }
    if (!isShipped()) {
      InodeLocks.Maker locks =
          (volume, name, directory) -> new LabInodeLocks(this, volume, name, directory);
      own.put(InodeLocks.Maker.class, locks);
      own.put(FaultHandlers.class, (FaultHandlers) this::handler);
    }
    return Map.copyOf(own);
  }

  /** Returns true if the shipped handler has the body and the locks that are wanted. */
  private boolean isShipped() {
    return !profile.fourHandlers() && order.name().equals(LockOrder.MERGED.name());
  }

  private FaultHandler handler(Ext2Inode inode) {
    if (profile.holePages()) {
      return new FaultHandlerV44(this, inode);
    }
    return profile.fourHandlers()
        ? new SeriesFaultHandler(this, inode)
        : new OrderedFaultHandler(inode);
  }
}
