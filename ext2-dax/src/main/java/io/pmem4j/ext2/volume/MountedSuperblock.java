// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.ErrorPolicy;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileSystemPanic;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.lock.OrderedMutex;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * The superblock of a mount, and the state that it decides: whether the mount is writable, valid,
 * or has errors. Its fields change under {@code s_lock}. Thread-safe.
 */
public final class MountedSuperblock {
  private static final int DEFAULT_MAX_MNT_COUNT = 20;

  private final Superblock superblock;
  private final List<HeldGroup> groups;
  private final OrderedMutex sLock;
  private final DirtyBlocks dirtyBlocks;
  private final LongSupplier clock;
  private final ErrorLog errors = new ErrorLog();

  /** The options given, over those that the superblock asks for; {@link #remount} changes them. */
  private volatile MountOptions options;

  /** {@code SB_RDONLY}, by option, or set by {@link #error}. */
  private volatile boolean readOnly;

  /** Open files that can be written to: what keeps a mount from becoming read-only. */
  private final AtomicInteger writers = new AtomicInteger();

  private final NobhOption nobh;

  private volatile boolean panicked;

  /** {@code s_mount_state}: what to write back at unmount; guarded by {@link #sLock}. */
  private int mountState;

  /**
   * Begins with what the medium says.
   *
   * @param groups filled before the first call
   */
  MountedSuperblock(
      Superblock superblock,
      List<HeldGroup> groups,
      MountOptions options,
      OrderedMutex sLock,
      DirtyBlocks dirtyBlocks,
      LongSupplier clock,
      NobhOption nobh) {
    this.superblock = superblock;
    this.groups = groups;
    this.nobh = nobh;
    this.options = nobh.kept(options);
    this.sLock = sLock;
    this.dirtyBlocks = dirtyBlocks;
    this.clock = clock;
    this.readOnly = options.readOnly() || superblock.revLevel() > SuperblockGate.MAX_SUPPORTED_REV;
    this.mountState = superblock.state();
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
  void syncSuper() {
    try (var _ = sLock.hold()) {
      long freeBlocks = 0;
      long freeInodes = 0;
      for (HeldGroup group : groups) {
        freeBlocks += group.freeBlocksCount();
        freeInodes += group.freeInodesCount();
      }
      superblock.freeBlocksCount(freeBlocks);
      superblock.freeInodesCount(freeInodes);
      // Unlike the times of inodes it is cut to 32 bits, not clamped to what they can hold.
      superblock.wtime(clock.getAsLong());
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
   *
   * @throws FileSystemPanic with errors=panic, after the superblock says it
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
    if (options.errors() == ErrorPolicy.PANIC) {
      panicked = true;
      throw new FileSystemPanic(message);
    }
    readOnly |= options.errors() == ErrorPolicy.REMOUNT_RO;
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

  /**
   * {@code ext2_remount}, after everything was written back. Access times and dirsync stay where
   * they are not given, dax, ordered and the superblock stay in any case.
   *
   * @throws Ext2Exception EBUSY if it is to become read-only while a file is open for writing,
   *     EROFS if it cannot be writable
   */
  public void remount(MountOptions given, boolean unlinkedInUse) throws Ext2Exception {
    boolean toReadOnly = given.readOnly() && !readOnly;
    MountOptions now = given.over(options).withSuperblock(options.superblock());
    for (MountFlag flag : List.of(MountFlag.DAX, MountFlag.ORDERED)) {
      now = now.with(flag, options.has(flag));
    }
    for (MountFlag flag : List.of(MountFlag.READ_ONLY, MountFlag.SYNC)) {
      now = now.with(flag, given.has(flag));
    }
    if (toReadOnly) {
      becomeReadOnly(unlinkedInUse);
    } else if (!given.readOnly() && readOnly) {
      long unknown = Feature.unknownReadOnlyCompatible(superblock);
      if (unknown != 0) {
        throw new Ext2Exception(Errno.EROFS, "unsupported optional features: ro_compat " + unknown);
      }
      mountState = superblock.state();
      readOnly = false;
      begin();
    }
    options = nobh.kept(now);
  }

  private void becomeReadOnly(boolean unlinkedInUse) throws Ext2Exception {
    // First, so that a file that is opened meanwhile is counted or refused.
    readOnly = true;
    if (unlinkedInUse || writers.get() != 0) {
      readOnly = false;
      throw new Ext2Exception(Errno.EBUSY, writers.get() + " files are open for writing");
    }
    boolean valid;
    try (var _ = sLock.hold()) {
      valid =
          (superblock.state() & Superblock.VALID_FS) == 0
              && (mountState & Superblock.VALID_FS) != 0;
      if (valid) {
        superblock.state(mountState);
        superblock.mtime(clock.getAsLong());
        markSuperLocked();
      }
    }
    if (valid) {
      syncSuper();
    }
  }

  /**
   * Counts an open file among those that can be written to.
   *
   * @param onRelease what else is to be done when it is no longer in use
   * @return what is to be run then
   */
  public Runnable countWriter(Runnable onRelease) {
    writers.incrementAndGet();
    return () -> {
      dropWriter();
      onRelease.run();
    };
  }

  /** Undoes {@link #countWriter} for a file whose opening has failed. */
  public void dropWriter() {
    writers.decrementAndGet();
  }

  /**
   * Checks that the mount goes on.
   *
   * @throws FileSystemPanic once an error has ended it
   */
  public void requireAlive() {
    if (panicked) {
      throw new FileSystemPanic(errors.messages().getLast());
    }
  }

  /** Returns the options as {@code /proc/mounts} shows them. */
  public String shownOptions() {
    return DefaultOptions.show(options, readOnly, superblock);
  }

  MountOptions options() {
    return options;
  }

  /** The first 1,000 errors since the mount; if there were more, a last line counts them. */
  List<String> errors() {
    return errors.messages();
  }
}
