// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.dax.FaultTrace;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.namei.NameSpace;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.pmem.PersistentMemory;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A mounted ext2 file system over persistent memory. Thread-safe.
 *
 * <p>Changes reach the memory as they are made, inodes when they are written out; everything is
 * durable after {@link #sync} or {@link #unmount}. As with ext2 on Linux there is no journal: a
 * crash in between leaves an image that wants a check.
 */
public final class Ext2FileSystem {
  private static final int UNMOUNTED = -1;

  private final Volume volume;
  private final InodeCache inodes;
  private final NameSpace names;
  private final PathOperations paths;
  private final Ext2Inode root;
  private final FaultTrace trace;

  /** Files, mappings and calls in progress; {@link #UNMOUNTED} once there will be no more. */
  private final AtomicInteger users = new AtomicInteger();

  private final AtomicBoolean frozen = new AtomicBoolean();

  private Ext2FileSystem(Volume volume, InodeCache inodes, Ext2Inode root, FaultTrace trace) {
    this.volume = volume;
    this.inodes = inodes;
    this.root = root;
    this.trace = trace;
    this.names =
        new NameSpace(
            volume,
            inodes,
            root,
            new OrderedMutex(
                volume.instrumentation().scheduler(),
                volume.validator(),
                LockClass.S_VFS_RENAME_MUTEX,
                "s_vfs_rename_mutex"),
            Credentials.ROOT);
    this.paths = new PathOperations(this, names);
  }

  /**
   * Mounts a file system, for reading and writing unless the options say otherwise.
   *
   * @param memory the file system, its block 0 at offset 0; at least as long as the superblock says
   * @param options how
   * @throws Ext2Exception EINVAL for what is no ext2 file system, has blocks above 4096 bytes, uses
   *     unknown features, or is corrupt; nothing has been written then, unless the damage is in the
   *     inode of the root: as in Linux the superblock of a writable mount says so
   */
  public static Ext2FileSystem mount(PersistentMemory memory, MountOptions options)
      throws Ext2Exception {
    return mount(memory, options, Instrumentation.production());
  }

  /**
   * Mounts a file system as {@link #mount(PersistentMemory, MountOptions)} does, for a tool.
   *
   * @param memory the file system, its block 0 at offset 0; at least as long as the superblock says
   * @param options how
   * @param instrumentation the clock, the choices and the checks
   * @throws Ext2Exception EINVAL as without instrumentation
   */
  public static Ext2FileSystem mount(
      PersistentMemory memory, MountOptions options, Instrumentation instrumentation)
      throws Ext2Exception {
    Volume volume = Volume.open(memory, options, instrumentation);
    FaultTrace trace = new FaultTrace();
    InodeCache inodes = new InodeCache(volume, trace);
    Ext2Inode root = inodes.root();
    if (!volume.readOnly()) {
      volume.mounted().begin();
    }
    return new Ext2FileSystem(volume, inodes, root, trace);
  }

  /**
   * open(2) of a regular file or a directory, as root.
   *
   * @param path components separated by slashes, from the root
   * @param flags Linux values: O_WRONLY 1, O_RDWR 2, O_CREAT 0100, O_EXCL 0200, O_TRUNC 01000,
   *     O_APPEND 02000, O_DSYNC 010000, O_SYNC 04010000; others are ignored
   * @param mode permissions of a new file, before the umask
   * @throws Ext2Exception ENOENT, EEXIST, EISDIR, ENOTDIR, ENAMETOOLONG, EPERM, EROFS, ENOSPC, EIO
   */
  public OpenFile open(String path, int flags, int mode) throws Ext2Exception {
    return paths.open(path, flags, mode);
  }

  /** unlink(2): ENOENT, EISDIR, ENOTDIR, ENAMETOOLONG, EPERM, EROFS, EIO. */
  public void unlink(String path) throws Ext2Exception {
    paths.unlink(path);
  }

  /** The system calls on paths, as root. */
  public PathOperations paths() {
    return paths;
  }

  /** The system calls on paths, on behalf of somebody. */
  public PathOperations paths(Credentials who) {
    return new PathOperations(this, names.as(who));
  }

  /**
   * The calls on inodes by number, for a client that walks paths itself. Each call makes a table of
   * references of its own.
   */
  public InodeOperations inodes() {
    return new InodeOperations(this, new NodeTable(inodes, root), names);
  }

  /** An address space whose locks are checked against this mount's order. */
  public AddressSpace newAddressSpace() {
    return new AddressSpace(
        volume.instrumentation().scheduler(), volume.validator(), volume.zeroPage());
  }

  /** sync(2): everything done so far is durable when it returns. */
  public void sync() throws Ext2Exception {
    enter();
    try {
      inodes.sync();
      volume.mounted().syncFs();
    } finally {
      leave();
    }
  }

  /**
   * {@code FIFREEZE}: everything is durable, and who would change something waits for {@link
   * #thaw}. Loads go on, also from pages never touched before.
   *
   * @throws Ext2Exception EBUSY if it is frozen already
   */
  public void freeze() throws Ext2Exception {
    enter();
    try {
      if (!frozen.compareAndSet(false, true)) {
        throw new Ext2Exception(Errno.EBUSY, "frozen already");
      }
      boolean done = false;
      try {
        if (!volume.readOnly()) { // nobody could change it: freeze_super takes no gate then
          volume
              .freezeGate()
              .freeze(this::writeBack, () -> volume.mounted().freezeFs(inodes.hasUnlinkedInUse()));
        }
        done = true;
      } finally {
        frozen.set(done);
      }
    } finally {
      leave();
    }
  }

  private void writeBack() throws Ext2Exception {
    volume.validator().<Ext2Exception>inWorker(inodes::sync);
    volume.mounted().syncFs();
  }

  /**
   * {@code FITHAW}: whoever waits goes on. May be called by another task than {@link #freeze}.
   *
   * @throws Ext2Exception EINVAL if it is not frozen
   */
  public void thaw() throws Ext2Exception {
    enter();
    try {
      if (!frozen.get()) {
        throw new Ext2Exception(Errno.EINVAL, "not frozen");
      }
      volume.mounted().syncFs();
      frozen.set(false);
      volume.freezeGate().thaw();
    } finally {
      leave();
    }
  }

  /**
   * Unmounts the file system, as umount(2) does. Afterwards every call is an {@link
   * IllegalStateException}.
   *
   * @throws Ext2Exception EBUSY while a file or a mapping is open, another call runs, or it is
   *     frozen
   */
  public void unmount() throws Ext2Exception {
    if (frozen.get()) {
      throw new Ext2Exception(Errno.EBUSY, "frozen");
    }
    int busy = users.compareAndExchange(0, UNMOUNTED);
    if (busy == UNMOUNTED) {
      throw unmounted();
    }
    if (busy != 0) {
      throw new Ext2Exception(Errno.EBUSY, busy + " files, mappings or calls are open");
    }
    volume.mounted().requireAlive();
    inodes.put(root);
    inodes.sync();
    volume.mounted().syncFs();
    volume.mounted().end();
  }

  /**
   * Changes the options of the mount, as {@code mount -o remount} does: what is not given stays,
   * but a mount is read-only or sync if and only if the options say so.
   *
   * @throws Ext2Exception EBUSY if it is frozen, or is to become read-only while a file is open for
   *     writing or a removed file is in use; EINVAL if it cannot become writable
   */
  public void remount(MountOptions options) throws Ext2Exception {
    enter();
    try {
      if (frozen.get()) {
        throw new Ext2Exception(Errno.EBUSY, "frozen");
      }
      if (!volume.readOnly()) {
        inodes.sync();
        volume.mounted().syncFs();
      }
      volume.mounted().remount(options, inodes.hasUnlinkedInUse());
    } finally {
      leave();
    }
  }

  /** Returns the options of the mount as {@code /proc/mounts} shows them. */
  public String options() {
    return volume.mounted().shownOptions();
  }

  /** Returns the use of the file system, as statfs(2) does. */
  public FileSystemUse use() {
    enter();
    try {
      return volume.use();
    } finally {
      leave();
    }
  }

  /** The events of faults and of writing back, as the kernel's {@code fs_dax} would trace them. */
  public FaultTrace trace() {
    return trace;
  }

  /**
   * Marks a block as unreadable, as the kernel does with what its platform reports (badblocks): a
   * fault there raises SIGBUS, read and write fail with EIO. Lasts until unmount.
   *
   * <p>Allocation knows nothing of it: a marked block that is freed can be given out again.
   *
   * @param block of the file system
   */
  public void markUnreadable(long block) {
    volume.unreadable().add(block);
  }

  /**
   * The errors found on the medium since the mount, each of which also marked it as having errors:
   * the first 1,000, and if there were more, a last line that counts them.
   */
  public List<String> errors() {
    return volume.errors();
  }

  /**
   * Returns true if regular files are accessed and mapped without a page cache: the option dax was
   * given, and a block is a page.
   */
  public boolean dax() {
    return volume.dax();
  }

  void enter() {
    volume.mounted().requireAlive();
    if (users.getAndUpdate(count -> count == UNMOUNTED ? UNMOUNTED : count + 1) == UNMOUNTED) {
      throw unmounted();
    }
  }

  void leave() {
    users.decrementAndGet();
  }

  /** A call during which an unmount is refused. */
  interface Call<T> {
    T run() throws Ext2Exception;
  }

  /** Runs a call, in which the file system stays mounted. */
  <T> T call(Call<T> call) throws Ext2Exception {
    enter();
    try {
      return call.run();
    } finally {
      leave();
    }
  }

  private static IllegalStateException unmounted() {
    return new IllegalStateException("the file system is unmounted");
  }
}
