// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.acl;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.ArrayList;
import java.util.List;

/**
 * An access control list: {@code struct posix_acl}. Immutable.
 *
 * @param entries the entries, in the order in which they were set
 */
public record PosixAcl(List<AclEntry> entries) {
  private static final int ALL = 7;
  private static final int OWNER_SHIFT = 6;
  private static final int GROUP_SHIFT = 3;
  private static final int GROUP_BITS = 070;
  private static final int PERMISSION_BITS = 0777;

  /** Copies the entries. */
  public PosixAcl {
    entries = List.copyOf(entries);
  }

  /**
   * A list as a mode changes it, and the mode as the list leaves it.
   *
   * @param acl the list
   * @param mode the mode
   */
  public record Masked(PosixAcl acl, int mode) {}

  /**
   * Checks the order and the number of the entries: {@code posix_acl_valid}.
   *
   * @throws Ext2Exception EINVAL
   */
  public void requireValid() throws Ext2Exception {
    int state = AclEntry.USER_OBJ;
    boolean needsMask = false;
    for (AclEntry each : entries) {
      if ((each.permissions() & ~ALL) != 0 || (each.hasId() && each.id() == AclEntry.NO_ID)) {
        throw invalid(each);
      }
      state =
          switch (each.tag()) {
            case AclEntry.USER_OBJ -> step(each, state == AclEntry.USER_OBJ, AclEntry.USER);
            case AclEntry.USER -> step(each, state == AclEntry.USER, AclEntry.USER);
            case AclEntry.GROUP_OBJ -> step(each, state == AclEntry.USER, AclEntry.GROUP);
            case AclEntry.GROUP -> step(each, state == AclEntry.GROUP, AclEntry.GROUP);
            case AclEntry.MASK -> step(each, state == AclEntry.GROUP, AclEntry.OTHER);
            case AclEntry.OTHER ->
                step(each, state == AclEntry.OTHER || (state == AclEntry.GROUP && !needsMask), 0);
            default -> throw invalid(each);
          };
      needsMask |= each.hasId();
    }
    if (state != 0) {
      throw new Ext2Exception(Errno.EINVAL, "an access control list without an entry for others");
    }
  }

  private static int step(AclEntry entry, boolean allowed, int next) throws Ext2Exception {
    if (!allowed) {
      throw invalid(entry);
    }
    return next;
  }

  private static Ext2Exception invalid(AclEntry entry) {
    return new Ext2Exception(Errno.EINVAL, "misplaced or impossible: " + entry);
  }

  /** Returns true if the bits of a mode say the same: {@code posix_acl_equiv_mode}. */
  public boolean isEquivalentToMode() {
    return entries.stream().noneMatch(each -> each.hasId() || each.tag() == AclEntry.MASK);
  }

  /** Returns a mode with the permissions of the list; the mask takes the place of the group. */
  public int modeOf(int mode) {
    int bits = 0;
    for (AclEntry each : entries) {
      int permissions = each.permissions() & ALL;
      bits =
          switch (each.tag()) {
            case AclEntry.USER_OBJ -> bits | permissions << OWNER_SHIFT;
            case AclEntry.GROUP_OBJ -> bits | permissions << GROUP_SHIFT;
            case AclEntry.OTHER -> bits | permissions;
            case AclEntry.MASK -> (bits & ~GROUP_BITS) | permissions << GROUP_SHIFT;
            default -> bits;
          };
    }
    return (mode & ~PERMISSION_BITS) | bits;
  }

  private boolean hasMask() {
    return entries.stream().anyMatch(each -> each.tag() == AclEntry.MASK);
  }

  /** Returns true for the entry that stands for the group bits of a mode. */
  private static boolean isGroupClass(AclEntry entry, boolean masked) {
    return entry.tag() == (masked ? AclEntry.MASK : AclEntry.GROUP_OBJ);
  }

  private void requireGroupClass() throws Ext2Exception {
    if (entries.stream().noneMatch(each -> isGroupClass(each, hasMask()))) {
      throw new Ext2Exception(Errno.EIO, "an access control list without an owning group");
    }
  }

  /**
   * Returns the list with the permissions of a mode: {@code __posix_acl_chmod_masq}.
   *
   * @throws Ext2Exception EIO for a damaged list
   */
  public PosixAcl chmod(int mode) throws Ext2Exception {
    requireGroupClass();
    boolean masked = hasMask();
    List<AclEntry> changed = new ArrayList<>();
    for (AclEntry each : entries) {
      if (each.tag() == AclEntry.USER_OBJ) {
        changed.add(each.with(mode >> OWNER_SHIFT & ALL));
      } else if (each.tag() == AclEntry.OTHER) {
        changed.add(each.with(mode & ALL));
      } else if (isGroupClass(each, masked)) {
        changed.add(each.with(mode >> GROUP_SHIFT & ALL));
      } else {
        changed.add(each);
      }
    }
    return new PosixAcl(changed);
  }

  /**
   * Returns the list of a new file whose directory has this one as its default, and the mode of the
   * file: {@code posix_acl_create_masq}. Each loses what the other does not allow.
   *
   * @throws Ext2Exception EIO for a damaged list
   */
  public Masked create(int mode) throws Ext2Exception {
    requireGroupClass();
    boolean masked = hasMask();
    int left = mode;
    List<AclEntry> changed = new ArrayList<>();
    for (AclEntry each : entries) {
      int shift;
      if (each.tag() == AclEntry.USER_OBJ) {
        shift = OWNER_SHIFT;
      } else if (each.tag() == AclEntry.OTHER) {
        shift = 0;
      } else if (isGroupClass(each, masked)) {
        shift = GROUP_SHIFT;
      } else {
        changed.add(each);
        continue;
      }
      AclEntry allowed = each.with(each.permissions() & (mode >> shift | ~ALL));
      left &= allowed.permissions() << shift | ~(ALL << shift);
      changed.add(allowed);
    }
    return new Masked(new PosixAcl(changed), (mode & ~PERMISSION_BITS) | (left & PERMISSION_BITS));
  }

  /**
   * Judges a caller who is not the owner, or may be: {@code posix_acl_permission}.
   *
   * @param owner the file's owner
   * @param group the file's group
   * @param wanted 4 to read, 2 to write, 1 to execute or search
   * @throws Ext2Exception EIO for a damaged list
   */
  public boolean allows(Credentials who, int owner, int group, int wanted) throws Ext2Exception {
    boolean found = false;
    for (int i = 0; i < entries.size(); i++) {
      AclEntry each = entries.get(i);
      boolean grants = (each.permissions() & wanted) == wanted;
      switch (each.tag()) {
        case AclEntry.USER_OBJ -> {
          if (who.uid() == owner) {
            return grants;
          }
        }
        case AclEntry.USER -> {
          if (who.uid() == each.id()) {
            return grants && maskAllows(i, wanted);
          }
        }
        case AclEntry.GROUP_OBJ, AclEntry.GROUP -> {
          if (who.isInGroup(each.tag() == AclEntry.GROUP ? each.id() : group)) {
            found = true;
            if (grants) {
              return maskAllows(i, wanted);
            }
          }
        }
        case AclEntry.MASK -> {}
        case AclEntry.OTHER -> {
          return !found && grants;
        }
        default -> throw damaged();
      }
    }
    throw damaged();
  }

  /** Returns true if no mask follows an entry, or one that allows it. */
  private boolean maskAllows(int entry, int wanted) {
    for (AclEntry each : entries.subList(entry + 1, entries.size())) {
      if (each.tag() == AclEntry.MASK) {
        return (each.permissions() & wanted) == wanted;
      }
    }
    return true;
  }

  private static Ext2Exception damaged() {
    return new Ext2Exception(Errno.EIO, "an access control list without an entry for others");
  }
}
