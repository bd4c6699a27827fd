// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.ErrorPolicy;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.PinnedFrames;
import io.pmem4j.ext2.mm.UnreadableFrames;
import io.pmem4j.ext2.mm.ZeroPage;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A mounted volume: {@code ext2_sb_info}. Thread-safe; changes of the superblock are made under
 * {@code s_lock}, changes of a group under the group's lock.
 */
public final class Volume {
  private static final int DEFAULT_MAX_MNT_COUNT = 20;

  private final PersistentMemory memory;
  private final MountOptions options;
  private final Instrumentation instrumentation;
  private final Superblock superblock;
  private final Geometry geometry;
  private final LockValidator validator;
  private final FreezeGate freezeGate;
  private final DirtyBlocks dirtyBlocks;
  private final MetadataOrder order;
  private final PinnedFrames pins;
  private final UnreadableFrames unreadable = new UnreadableFrames();
  private final ZeroPage zeroPage = new ZeroPage();
  private final OrderedMutex sLock;
  private final List<OrderedMutex> groupLocks = new ArrayList<>();
  private final List<HeldGroup> groups = new ArrayList<>();
  private final AtomicInteger nextGeneration;
  private final ErrorLog errors = new ErrorLog();

  /** {@code SB_RDONLY}, by option, or set by {@link #error}. */
  private volatile boolean readOnly;

  private final boolean dax;
  private final boolean errorsReadOnly;

  private final LateFeatures features;

  /** {@code s_mount_state}: what to write back at unmount; guarded by {@link #sLock}. */
  private int mountState;

  private Volume(
      PersistentMemory memory,
      MountOptions options,
      Instrumentation instrumentation,
      Superblock superblock,
      Geometry geometry) {
    this.memory = memory;
    this.options = options;
    this.dax = options.dax() && geometry.blockBytes() == Mmu.PAGE_BYTES;
    this.instrumentation = instrumentation;
    this.superblock = superblock;
    this.geometry = geometry;
    Scheduler scheduler = instrumentation.scheduler();
    this.validator =
        new LockValidator(
            instrumentation.variation().part(LockOrder.class, LockOrder.MERGED), scheduler);
    instrumentation.lockValidators().accept(validator);
    this.freezeGate = new FreezeGate(scheduler, validator);
    this.dirtyBlocks = new DirtyBlocks(memory, geometry.blockBits());
    this.order = new MetadataOrder(memory, options.ordered());
    this.pins = new PinnedFrames(scheduler);
    this.sLock = new OrderedMutex(scheduler, validator, LockClass.S_LOCK, "s_lock");
    this.nextGeneration = new AtomicInteger(instrumentation.generationBase());
    this.readOnly = options.readOnly();
    this.mountState = superblock.state();
    this.features = new LateFeatures(superblock, geometry, sLock, dirtyBlocks, order);
    this.errorsReadOnly =
        options.errors() == ErrorPolicy.REMOUNT_RO
            || (options.errors() == ErrorPolicy.SUPERBLOCK
                && superblock.errors() != Superblock.ERRORS_CONTINUE);
    for (int group = 0; group < geometry.groupsCount(); group++) {
      groupLocks.add(
          new OrderedMutex(
              scheduler, validator, LockClass.BLOCKGROUP_LOCK, "blockgroup_lock " + group));
    }
  }

  /**
   * {@code ext2_fill_super} up to the root directory; writes nothing.
   *
   * @throws Ext2Exception EINVAL for everything that cannot be mounted
   */
  public static Volume open(
      PersistentMemory memory, MountOptions options, Instrumentation instrumentation)
      throws Ext2Exception {
    if (memory.byteSize() < Superblock.PRIMARY_OFFSET + Superblock.LAYOUT.byteSize()) {
      throw new Ext2Exception(
          Errno.EINVAL, "no ext2 file system in " + memory.byteSize() + " bytes");
    }
    Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    Geometry geometry = SuperblockGate.check(superblock, memory.byteSize());
    Volume volume = new Volume(memory, options, instrumentation, superblock, geometry);
    long descriptors = geometry.blockAt(superblock.offset()) + 1;
    for (int group = 0; group < geometry.groupsCount(); group++) {
      long offset = geometry.offsetOf(descriptors) + (long) group * GroupDescriptor.BYTES;
      HeldGroup held = new HeldGroup(new GroupDescriptor(memory, offset));
      geometry.checkDescriptor(group, held);
      volume.groups.add(held);
    }
    return volume;
  }

  /** {@code ext2_setup_super} and {@code ext2_write_super} of a read-write mount. */
  public void begin() {
    try (var _ = sLock.hold()) {
      if (superblock.maxMntCount() == 0) {
        superblock.maxMntCount(DEFAULT_MAX_MNT_COUNT);
      }
      superblock.mntCount(superblock.mntCount() + 1);
      markSuperLocked();
    }
    syncFs();
  }

  /** {@code ext2_sync_fs}: not valid while mounted, counters and write time brought up to date. */
  public void syncFs() {
    if (readOnly) {
      dirtyBlocks.writeOut();
      return;
    }
    try (var _ = sLock.hold()) {
      superblock.state(superblock.state() & ~Superblock.VALID_FS);
      markSuperLocked();
    }
    syncSuper();
  }

  /** {@code ext2_put_super}: the state of before the mount comes back. */
  public void end() {
    if (readOnly) {
      dirtyBlocks.writeOut();
      return;
    }
    restoreState();
  }

  /** The image counts as valid again, after everything that makes it so is durable. */
  private void restoreState() {
    dirtyBlocks.writeOut();
    try (var _ = sLock.hold()) {
      superblock.state(mountState);
      markSuperLocked();
    }
    syncSuper();
  }

  /**
   * The superblock was stored to. Marked before {@code s_lock} is free: a task that finds its
   * change made already must find the mark as well.
   */
  private void markSuperLocked() {
    dirtyBlocks.markBytes(superblock.offset());
  }

  /** {@code ext2_sync_super}; durable when it returns. */
  private void syncSuper() {
    try (var _ = sLock.hold()) {
      long freeBlocks = 0;
      long freeInodes = 0;
      for (int group = 0; group < geometry.groupsCount(); group++) {
        freeBlocks += descriptor(group).freeBlocksCount();
        freeInodes += descriptor(group).freeInodesCount();
      }
      superblock.freeBlocksCount(freeBlocks);
      superblock.freeInodesCount(freeInodes);
      // Unlike the times of inodes it is cut to 32 bits, not clamped to what they can hold.
      superblock.wtime(instrumentation.clock().getAsLong());
      markSuperLocked();
    }
    dirtyBlocks.writeOut();
  }

  /**
   * {@code ext2_freeze}: the image counts as cleanly unmounted, unless unlinked files are open.
   *
   * @param unlinkedInUse whether there are
   */
  public void freezeFs(boolean unlinkedInUse) {
    if (unlinkedInUse || readOnly) {
      syncFs();
      return;
    }
    restoreState();
  }

  /**
   * {@code ext2_error}: the superblock says that the file system needs a check, and with
   * errors=remount-ro nothing is changed from now on but through files that are open for writing.
   * errors=panic is no option here: it counts as remount-ro.
   */
  public void error(String message) {
    errors.add(message);
    boolean known;
    try (var _ = sLock.hold()) {
      known = (mountState & superblock.state() & Superblock.ERROR_FS) != 0;
      if (!known && !readOnly) {
        mountState |= Superblock.ERROR_FS;
        superblock.state(superblock.state() | Superblock.ERROR_FS);
        markSuperLocked();
      }
    }
    // The kernel writes the superblock for each error; one that says so already says no more.
    if (!known && !readOnly) {
      syncSuper();
    }
    readOnly |= errorsReadOnly;
  }

  /**
   * {@code sb_rdonly}: the mount is read-only, by its options or since an error.
   *
   * @return whether names, times and counters stay as they are
   */
  public boolean readOnly() {
    return readOnly;
  }

  /**
   * Checks that the mount is writable, as {@code mnt_want_write} does.
   *
   * @throws Ext2Exception EROFS on a read-only mount, and once an error has made it one
   */
  public void requireWritable() throws Ext2Exception {
    if (readOnly) {
      throw new Ext2Exception(Errno.EROFS, "read-only, errors so far: " + errors.messages());
    }
  }

  /** Sets the large_file feature when the first such file is written; durable then. */
  public void requireLargeFile() {
    if (features.addLargeFile()) {
      syncSuper();
    }
  }

  /** Sets the ext_attr feature, before the first block of attributes is reached. */
  public void requireExtendedAttributes() {
    features.addExtendedAttributes();
  }

  /** Returns true if the mount has attributes of the name space user. */
  public boolean userAttributes() {
    return features.has(options.userAttributes(), Feature.DEFAULT_XATTR_USER);
  }

  /** Returns true if access control lists count: {@code IS_POSIXACL}. */
  public boolean posixAcl() {
    return features.has(options.acl(), Feature.DEFAULT_ACL);
  }

  /** The first 1,000 errors since the mount; if there were more, a last line counts them. */
  public List<String> errors() {
    return errors.messages();
  }

  /** {@code ext2_statfs}: the use of the file system. */
  public FileSystemUse use() {
    try (var _ = sLock.hold()) {
      return StatFs.of(this, superblock);
    }
  }

  /** Returns true if entries of directories carry the type of the file. */
  public boolean hasFileType() {
    return (superblock.featureIncompat() & Feature.INCOMPAT_FILETYPE) != 0;
  }

  /** A group; its counters change under {@link #lockGroup}. */
  public HeldGroup descriptor(int group) {
    return groups.get(group);
  }

  /** Takes the lock of a group's bitmaps and counters. */
  public HeldLock lockGroup(int group) {
    return groupLocks.get(group).hold();
  }

  /** Returns the generation of the next inode made: {@code s_next_generation++}. */
  public int nextGeneration() {
    return nextGeneration.getAndIncrement();
  }

  /** The time in seconds, in the range that an inode can keep. */
  public long now() {
    return Math.clamp(instrumentation.clock().getAsLong(), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** The whole file system. */
  public PersistentMemory memory() {
    return memory;
  }

  /**
   * Returns true if regular files are mapped and accessed without a page cache. As in the kernel
   * the option dax is turned off if a block is no page.
   */
  public boolean dax() {
    return dax;
  }

  /** Returns the options of the mount. */
  public MountOptions options() {
    return options;
  }

  /** Returns the surroundings of the mount. */
  public Instrumentation instrumentation() {
    return instrumentation;
  }

  /** Returns the geometry of the file system. */
  public Geometry geometry() {
    return geometry;
  }

  /** The check of all its locks. */
  public LockValidator validator() {
    return validator;
  }

  /** Returns the freeze protection of the mount. */
  public FreezeGate freezeGate() {
    return freezeGate;
  }

  /** The blocks that devices hold. */
  public PinnedFrames pins() {
    return pins;
  }

  /** Returns the frames that cannot be read. */
  public UnreadableFrames unreadable() {
    return unreadable;
  }

  /** Returns the page that holes of this mount are mapped as. */
  public ZeroPage zeroPage() {
    return zeroPage;
  }

  /** Returns the order in which metadata becomes durable. */
  public MetadataOrder order() {
    return order;
  }

  /** Metadata waiting to be durable. */
  public DirtyBlocks dirtyBlocks() {
    return dirtyBlocks;
  }
}
