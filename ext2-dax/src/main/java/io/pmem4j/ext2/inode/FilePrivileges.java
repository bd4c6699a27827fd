// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.xattr.AttributeBlocks;
import io.pmem4j.ext2.xattr.AttributeNamespace;

/**
 * The capabilities that the attribute {@code security.capability} gives to a program. They go when
 * the file is written to, cut or given away: {@code ATTR_KILL_PRIV}.
 */
public final class FilePrivileges {
  private static final String CAPABILITY = "capability";

  private FilePrivileges() {}

  /**
   * Removes them before a write: {@code file_remove_privs}. The caller holds {@code i_rwsem}.
   *
   * @throws Ext2Exception EIO
   */
  public static void beforeWrite(Ext2Inode inode) throws Ext2Exception {
    if (inode.attributes().hasNoSecurity() || !inode.isRegular()) {
      return;
    }
    remove(inode);
    if (!FileMode.isPrivileged(inode.mode)) {
      inode.attributes().hasNoSecurity(true);
    }
  }

  /**
   * Returns true if there are some: {@code cap_inode_need_killpriv}.
   *
   * @throws Ext2Exception EIO
   */
  public static boolean exist(Ext2Inode inode) throws Ext2Exception {
    if (inode.attributes().hasNoSecurity()) {
      return false;
    }
    byte[] value = inode.attributes().get(AttributeNamespace.SECURITY, CAPABILITY);
    return value != null && value.length > 0;
  }

  /**
   * Removes them: {@code cap_inode_killpriv}. The caller holds {@code i_rwsem}.
   *
   * @throws Ext2Exception EIO
   */
  public static void remove(Ext2Inode inode) throws Ext2Exception {
    if (exist(inode)) {
      inode
          .attributes()
          .set(AttributeNamespace.SECURITY, CAPABILITY, null, AttributeBlocks.REPLACE);
    }
  }
}
