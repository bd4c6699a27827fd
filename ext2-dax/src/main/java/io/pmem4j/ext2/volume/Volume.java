// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileSystemPanic;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountFlag;
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
import io.pmem4j.ext2.page.WritebackErrors;
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
  private final WritebackErrors writebackErrors = new WritebackErrors();
  private final PersistentMemory memory;
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
  private final boolean dax;
  private final MountedSuperblock mounted;
  private final StatFs statFs = new StatFs();
  private final LateFeatures features;

  private Volume(
      PersistentMemory memory,
      MountOptions options,
      Instrumentation instrumentation,
      Superblock superblock,
      Geometry geometry) {
    this.memory = memory;
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
    this.mounted =
        new MountedSuperblock(
            superblock,
            groups,
            options.with(MountFlag.DAX, dax),
            sLock,
            dirtyBlocks,
            instrumentation.clock(),
            instrumentation.variation().part(NobhOption.class, NobhOption.LINUX_5_10));
    this.features = new LateFeatures(superblock, geometry, sLock, dirtyBlocks, order);
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
    Superblock superblock = SuperblockGate.find(memory, options.superblock());
    Geometry geometry = SuperblockGate.check(superblock, options, memory.byteSize());
    MountOptions asked = options.over(DefaultOptions.of(superblock));
    Volume volume = new Volume(memory, asked, instrumentation, superblock, geometry);
    for (int group = 0; group < geometry.groupsCount(); group++) {
      long offset = DescriptorPlaces.offset(superblock, geometry, group);
      HeldGroup held = new HeldGroup(new GroupDescriptor(memory, offset));
      geometry.checkDescriptor(group, held);
      volume.groups.add(held);
    }
    return volume;
  }

  /** Returns the superblock of the mount, with the states that it decides. */
  public MountedSuperblock mounted() {
    return mounted;
  }

  /**
   * {@code ext2_error}: the superblock says that the file system needs a check.
   *
   * @throws FileSystemPanic with errors=panic, after the superblock says it
   */
  public void error(String message) {
    mounted.error(message);
  }

  /**
   * {@code sb_rdonly}: the mount is read-only, by its options or since an error.
   *
   * @return whether names, times and counters stay as they are
   */
  public boolean readOnly() {
    return mounted.readOnly();
  }

  /**
   * Checks that the mount is writable, as {@code mnt_want_write} does.
   *
   * @throws Ext2Exception EROFS on a read-only mount, and once an error has made it one
   */
  public void requireWritable() throws Ext2Exception {
    mounted.requireWritable();
  }

  /** Sets the large_file feature when the first such file is written; durable then. */
  public void requireLargeFile() {
    if (features.addLargeFile()) {
      mounted.syncSuper();
    }
  }

  /** Sets the ext_attr feature, before the first block of attributes is reached. */
  public void requireExtendedAttributes() {
    features.addExtendedAttributes();
  }

  /** Returns true if the mount has attributes of the name space user. */
  public boolean userAttributes() {
    return options().has(MountFlag.USER_XATTR);
  }

  /** Returns true if access control lists count: {@code IS_POSIXACL}. */
  public boolean posixAcl() {
    return options().has(MountFlag.ACL);
  }

  /** The first 1,000 errors since the mount; if there were more, a last line counts them. */
  public List<String> errors() {
    return mounted.errors();
  }

  /** {@code ext2_statfs}: the use of the file system. */
  public FileSystemUse use() {
    try (var _ = sLock.hold()) {
      return statFs.of(this, superblock);
    }
  }

  /**
   * {@code ext2_has_free_blocks}: the reserved blocks are for the super-user, and for a user and a
   * group that the superblock or the options name.
   *
   * @param free blocks that are free, as far as is known
   */
  public boolean hasFreeBlocks(long free, Credentials who) {
    int group = options().reservedGid();
    return free >= superblock.reservedBlocksCount() + 1
        || who.has(Capability.SYS_RESOURCE)
        || who.uid() == options().reservedUid()
        || (group != 0 && who.isInGroup(group));
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
    return mounted.options();
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

  /** Returns the errors of writing back any file: {@code s_wb_err}. */
  public WritebackErrors writebackErrors() {
    return writebackErrors;
  }
}
