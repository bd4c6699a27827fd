// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.util.EnumSet;
import java.util.Set;

/**
 * The identity on whose behalf a call is made: {@code fsuid}, {@code fsgid}, the supplementary
 * groups and the effective capabilities of a task. Immutable.
 *
 * @param uid the user, unsigned
 * @param gid the group that new files get, unsigned
 * @param groups the supplementary groups
 * @param capabilities what it may do beyond the permissions of files
 */
public record Credentials(int uid, int gid, Set<Integer> groups, Set<Capability> capabilities) {
  /** Root, with every capability. */
  public static final Credentials ROOT =
      new Credentials(0, 0, Set.of(), EnumSet.allOf(Capability.class));

  /** Copies the sets. */
  public Credentials {
    groups = Set.copyOf(groups);
    capabilities = Set.copyOf(capabilities);
  }

  /** Returns a user without capabilities and supplementary groups. */
  public static Credentials user(int uid, int gid) {
    return new Credentials(uid, gid, Set.of(), Set.of());
  }

  /** Returns true if it has a capability: {@code capable_wrt_inode_uidgid}. */
  public boolean has(Capability capability) {
    return capabilities.contains(capability);
  }

  /** Returns true if it belongs to a group: {@code in_group_p}. */
  public boolean isInGroup(int group) {
    return gid == group || groups.contains(group);
  }
}
