// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.FilePrivileges;
import io.pmem4j.ext2.inode.InodeAttributes;
import io.pmem4j.ext2.inode.SettableFlags;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.volume.Volume;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * System calls that set attributes: chmod(2), lchown(2), utimensat(2), FS_IOC_SETFLAGS. {@code
 * notify_change} and {@code ext2_setattr}. Thread-safe.
 */
public final class AttributeChanges {
  /** {@code (uid_t) -1}: leaves an id as it is. */
  private static final int UNCHANGED = -1;

  private final NameSpace space;
  private final Volume volume;
  private final Credentials who;

  /** The operations of a caller. */
  public AttributeChanges(NameSpace space) {
    this.space = space;
    this.volume = space.volume();
    this.who = space.who();
  }

  private interface Change {
    void of(Ext2Inode inode) throws Ext2Exception;
  }

  private void change(String path, boolean follow, Change change) throws Ext2Exception {
    Ext2Inode inode = PathWalk.find(space, path, follow);
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      try (var _ = inode.iRwsem().exclusive()) {
        change.of(inode);
      }
    } finally {
      space.inodes().put(inode);
    }
  }

  /**
   * Sets attributes on which the caller has judged permissions already: {@code notify_change}
   * without them. Immutable and append-only files are still refused.
   *
   * @param wanted what to set; a time of {@link Long#MAX_VALUE} is now
   * @throws Ext2Exception EPERM, EROFS
   */
  public void set(Ext2Inode inode, InodeAttributes wanted) throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      try (var _ = inode.iRwsem().exclusive()) {
        boolean sets = wanted.mode() != null || wanted.uid() != null || wanted.gid() != null;
        if (sets || isGiven(wanted.atime()) || isGiven(wanted.mtime())) {
          requireChangeable(inode);
        } else if (inode.isImmutable()) {
          throw new Ext2Exception(Errno.EPERM, inode + " is immutable");
        }
        if ((wanted.uid() != null || wanted.gid() != null) && !inode.isDirectory()) {
          FilePrivileges.remove(inode);
        }
        long now = volume.now();
        new InodeAttributes(
                wanted.mode(),
                wanted.uid(),
                wanted.gid(),
                time(optional(wanted.atime()), now),
                time(optional(wanted.mtime()), now))
            .applyTo(inode, who);
      }
    }
  }

  private static boolean isGiven(@Nullable Long time) {
    return time != null && time != Long.MAX_VALUE;
  }

  private static OptionalLong optional(@Nullable Long time) {
    return time == null ? OptionalLong.empty() : OptionalLong.of(time);
  }

  private static void requireChangeable(Ext2Inode inode) throws Ext2Exception {
    if (inode.isImmutable() || inode.isAppendOnly()) {
      throw new Ext2Exception(Errno.EPERM, inode + " is immutable or append-only");
    }
  }

  private void requireOwner(Ext2Inode inode) throws Ext2Exception {
    if (!Permission.isOwner(who, inode)) {
      throw new Ext2Exception(Errno.EPERM, inode + " belongs to " + inode.uid());
    }
  }

  /**
   * Sets the mode, as chmod(2) does. A symbolic link is followed.
   *
   * @throws Ext2Exception EPERM, EROFS, and those of a walk
   */
  public void chmod(String path, int mode) throws Ext2Exception {
    change(
        path,
        true,
        inode -> {
          requireChangeable(inode);
          requireOwner(inode);
          int wanted = Permission.keepsSetGid(who, inode.gid()) ? mode : mode & ~FileMode.SET_GID;
          new InodeAttributes(wanted, null, null, null, null).applyTo(inode, who);
        });
  }

  /**
   * Sets owner and group, as lchown(2) does; -1 leaves one as it is. A file that is no directory
   * loses its set-id bits.
   *
   * @throws Ext2Exception EPERM, EROFS, and those of a walk
   */
  public void chown(String path, int uid, int gid) throws Ext2Exception {
    change(
        path,
        false,
        inode -> {
          if (uid != UNCHANGED || gid != UNCHANGED) {
            requireChangeable(inode);
          }
          Integer mode = modeAfterChown(inode);
          requireChown(inode, uid, gid);
          if (mode != null) {
            // notify_change takes it for a change of the mode, which is the owner's.
            requireOwner(inode);
          }
          if (!inode.isDirectory()) {
            FilePrivileges.remove(inode);
          }
          new InodeAttributes(
                  mode, uid == UNCHANGED ? null : uid, gid == UNCHANGED ? null : gid, null, null)
              .applyTo(inode, who);
        });
  }

  private void requireChown(Ext2Inode inode, int uid, int gid) throws Ext2Exception {
    boolean owner = who.uid() == inode.uid();
    boolean uidAllowed = uid == UNCHANGED || (owner && uid == inode.uid());
    boolean gidAllowed = gid == UNCHANGED || (owner && (who.isInGroup(gid) || gid == inode.gid()));
    if (!(uidAllowed && gidAllowed) && !who.has(Capability.CHOWN)) {
      throw new Ext2Exception(Errno.EPERM, "chown of " + inode + " to " + uid + ":" + gid);
    }
  }

  /** ATTR_KILL_SUID and {@code setattr_should_drop_sgid}; null if the mode stays. */
  private @Nullable Integer modeAfterChown(Ext2Inode inode) {
    int mode = inode.mode();
    if (inode.isDirectory()) {
      return null;
    }
    int after = FileMode.withoutPrivileges(mode);
    if ((after & FileMode.SET_GID) != 0 && !Permission.keepsSetGid(who, inode.gid())) {
      after &= ~FileMode.SET_GID;
    }
    return after == mode ? null : after;
  }

  /**
   * Sets times, as utimensat(2) does. A symbolic link is not followed.
   *
   * @param atime seconds, {@link Long#MAX_VALUE} for now; empty leaves it as it is
   * @param mtime as atime
   * @throws Ext2Exception EPERM, EACCES, EROFS, and those of a walk
   */
  public void utimens(String path, OptionalLong atime, OptionalLong mtime) throws Ext2Exception {
    if (atime.isEmpty() && mtime.isEmpty()) {
      return; // utimensat(2) does not even look at the path
    }
    boolean touches = isNow(atime) && isNow(mtime);
    change(
        path,
        false,
        inode -> {
          if (touches) {
            requireTouchable(inode);
          } else {
            requireChangeable(inode);
            requireOwner(inode);
          }
          long now = volume.now();
          new InodeAttributes(null, null, null, time(atime, now), time(mtime, now))
              .applyTo(inode, who);
        });
  }

  /** Both times become now, which whoever may write the file may do. */
  private void requireTouchable(Ext2Inode inode) throws Ext2Exception {
    if (inode.isImmutable()) {
      throw new Ext2Exception(Errno.EPERM, inode + " is immutable");
    }
    if (!Permission.isOwner(who, inode)) {
      Permission.require(volume, who, inode, Permission.WRITE);
    }
  }

  private static boolean isNow(OptionalLong time) {
    return time.isPresent() && time.getAsLong() == Long.MAX_VALUE;
  }

  /** The seconds to store, which are 32 bits with a sign; null to leave a time as it is. */
  private static @Nullable Long time(OptionalLong wanted, long now) {
    if (wanted.isEmpty()) {
      return null;
    }
    return isNow(wanted)
        ? now
        : (long) Math.clamp(wanted.getAsLong(), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /**
   * Returns the blocks of the next reservation window of an inode.
   *
   * @throws Ext2Exception ENOTTY if it has none
   */
  public int reservation(Ext2Inode inode) throws Ext2Exception {
    OptionalInt blocks = inode.blockMap().reservation();
    if (volume.options().noreservation() || blocks.isEmpty()) {
      throw new Ext2Exception(Errno.ENOTTY, inode + " has no reservation window");
    }
    return blocks.getAsInt();
  }

  /**
   * Sets the blocks of the next reservation window of a file, as EXT2_IOC_SETRSVSZ does: the lower
   * 16 bits count.
   *
   * @throws Ext2Exception ENOTTY for what has no windows, EACCES for another's file, EROFS
   */
  public void reservation(Ext2Inode inode, int blocks) throws Ext2Exception {
    if (volume.options().noreservation() || !inode.isRegular()) {
      throw new Ext2Exception(Errno.ENOTTY, inode + " has no reservation window");
    }
    if (!Permission.isOwner(who, inode)) {
      throw new Ext2Exception(Errno.EACCES, inode + " belongs to " + inode.uid());
    }
    volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's number");
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      inode.blockMap().reservation(blocks & 0xffff);
    }
  }

  /**
   * Sets the flags of an inode, whose user the caller has, as FS_IOC_SETFLAGS does.
   *
   * @throws Ext2Exception EACCES for another's file, EPERM without CAP_LINUX_IMMUTABLE, EROFS
   */
  public void flags(Ext2Inode inode, int flags) throws Ext2Exception {
    Permission.require(volume, who, inode, Permission.READ);
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      if (!Permission.isOwner(who, inode)) {
        throw new Ext2Exception(Errno.EACCES, inode + " belongs to " + inode.uid());
      }
      volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's flags");
      try (var _ = inode.iRwsem().exclusive()) {
        SettableFlags rule =
            volume
                .instrumentation()
                .variation()
                .part(SettableFlags.class, SettableFlags.LINUX_5_10);
        if (InodeAttributes.changesProtection(inode, flags)
            && !who.has(Capability.LINUX_IMMUTABLE)) {
          throw new Ext2Exception(Errno.EPERM, "CAP_LINUX_IMMUTABLE is needed");
        }
        InodeAttributes.flags(inode, flags, rule);
      }
    }
  }
}
