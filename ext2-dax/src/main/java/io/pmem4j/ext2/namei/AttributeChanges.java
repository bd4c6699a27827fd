// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.FileMode;
import io.pmem4j.ext2.inode.InodeAttributes;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.volume.Volume;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * System calls that set attributes: chmod(2), lchown(2), utimensat(2), FS_IOC_SETFLAGS. {@code
 * notify_change} and {@code ext2_setattr}. Thread-safe.
 */
public final class AttributeChanges {
  /** {@code (uid_t) -1}: leaves an id as it is. */
  private static final int UNCHANGED = -1;

  private static final int GROUP_EXECUTE = 0010;

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

  /** Returns true if a file keeps the set-group-id bit: {@code in_group_or_capable}. */
  private boolean keepsSetGid(int gid) {
    return who.isInGroup(gid) || who.has(Capability.FSETID);
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
          int wanted = keepsSetGid(inode.gid()) ? mode : mode & ~FileMode.SET_GID;
          new InodeAttributes(wanted, null, null, null, null).applyTo(inode);
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
          if (mode != null) {
            // notify_change takes it for a change of the mode, which is the owner's.
            requireChown(inode, uid, gid);
            requireOwner(inode);
          }
          requireChown(inode, uid, gid);
          new InodeAttributes(
                  mode, uid == UNCHANGED ? null : uid, gid == UNCHANGED ? null : gid, null, null)
              .applyTo(inode);
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
    int after = mode & ~FileMode.SET_UID;
    if ((mode & FileMode.SET_GID) != 0
        && ((mode & GROUP_EXECUTE) != 0 || !keepsSetGid(inode.gid()))) {
      after &= ~FileMode.SET_GID;
    }
    return after == mode ? null : after;
  }

  /**
   * A time to set.
   *
   * @param kind the meaning
   * @param seconds since the epoch, if a time is given
   */
  private record Wanted(Kind kind, long seconds) {
    enum Kind {
      OMIT,
      NOW,
      GIVEN
    }

    @Nullable Long at(Volume volume) {
      return switch (kind) {
        case OMIT -> null;
        case NOW -> volume.now();
        case GIVEN -> (long) Math.clamp(seconds, Integer.MIN_VALUE, Integer.MAX_VALUE);
      };
    }
  }

  /** Sets both times to now, as utimensat(2) without times does; see {@link #utimens}. */
  public void touch(String path) throws Ext2Exception {
    change(
        path,
        false,
        inode -> {
          if (inode.isImmutable()) {
            throw new Ext2Exception(Errno.EPERM, inode + " is immutable");
          }
          if (!Permission.isOwner(who, inode)) {
            Permission.require(volume, who, inode, Permission.WRITE);
          }
          long now = volume.now();
          new InodeAttributes(null, null, null, now, now).applyTo(inode);
        });
  }

  /**
   * Sets times, as utimensat(2) does. A symbolic link is not followed.
   *
   * @param atime seconds, {@link Long#MAX_VALUE} for now; empty leaves it as it is
   * @param mtime as atime
   * @throws Ext2Exception EPERM, EROFS, and those of a walk
   */
  public void utimens(String path, OptionalLong atime, OptionalLong mtime) throws Ext2Exception {
    Wanted access = wanted(atime);
    Wanted modification = wanted(mtime);
    if (access.kind() == Wanted.Kind.OMIT && modification.kind() == Wanted.Kind.OMIT) {
      return; // utimensat(2) does not even look at the path
    }
    if (access.kind() == Wanted.Kind.NOW && modification.kind() == Wanted.Kind.NOW) {
      touch(path);
      return;
    }
    change(
        path,
        false,
        inode -> {
          requireChangeable(inode);
          requireOwner(inode);
          new InodeAttributes(null, null, null, access.at(volume), modification.at(volume))
              .applyTo(inode);
        });
  }

  private static Wanted wanted(OptionalLong time) {
    if (time.isEmpty()) {
      return new Wanted(Wanted.Kind.OMIT, 0);
    }
    long seconds = time.getAsLong();
    return new Wanted(seconds == Long.MAX_VALUE ? Wanted.Kind.NOW : Wanted.Kind.GIVEN, seconds);
  }

  /**
   * Sets the flags of a file or a directory, as FS_IOC_SETFLAGS does.
   *
   * @throws Ext2Exception EACCES for another's file, EPERM without CAP_LINUX_IMMUTABLE, EROFS
   */
  public void flags(String path, int flags) throws Ext2Exception {
    Ext2Inode inode = PathWalk.find(space, path, true);
    try {
      Permission.require(volume, who, inode, Permission.READ);
      try (var _ = volume.freezeGate().startWrite()) {
        volume.requireWritable();
        if (!Permission.isOwner(who, inode)) {
          throw new Ext2Exception(Errno.EACCES, inode + " belongs to " + inode.uid());
        }
        volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's flags");
        try (var _ = inode.iRwsem().exclusive()) {
          if (InodeAttributes.changesProtection(inode, flags)
              && !who.has(Capability.LINUX_IMMUTABLE)) {
            throw new Ext2Exception(Errno.EPERM, "CAP_LINUX_IMMUTABLE is needed");
          }
          InodeAttributes.flags(inode, flags);
        }
      }
    } finally {
      space.inodes().put(inode);
    }
  }
}
