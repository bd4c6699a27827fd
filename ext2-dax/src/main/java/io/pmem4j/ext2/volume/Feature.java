// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.layout.Superblock;

/**
 * The features that ext2 knows, by the three masks of the superblock, and the gate at mount.
 * Compatible features never stop a mount; an unknown bit of the other two does.
 */
public final class Feature {
  /** Of {@code s_feature_compat}: inodes may have blocks of extended attributes. */
  public static final int COMPAT_EXT_ATTR = 0x8;

  /** Of {@code s_feature_incompat}: entries of directories carry the type of the file. */
  public static final int INCOMPAT_FILETYPE = 0x2;

  /** Of {@code s_feature_incompat}: descriptors lie in the groups that they describe. */
  static final int INCOMPAT_META_BG = 0x10;

  /** Of {@code s_feature_ro_compat}: backups in some groups only. */
  public static final int RO_COMPAT_SPARSE_SUPER = 0x1;

  /** Of {@code s_feature_ro_compat}: files larger than 2 GiB. */
  public static final int RO_COMPAT_LARGE_FILE = 0x2;

  private static final int RO_COMPAT_BTREE_DIR = 0x4;

  private static final int INCOMPAT_SUPPORTED = INCOMPAT_FILETYPE | INCOMPAT_META_BG;
  private static final int RO_COMPAT_SUPPORTED =
      RO_COMPAT_SPARSE_SUPER | RO_COMPAT_LARGE_FILE | RO_COMPAT_BTREE_DIR;

  private Feature() {}

  /**
   * Refuses what no mount can honour.
   *
   * @throws UnsupportedFeatureException EINVAL with the unknown bits
   */
  static void check(Superblock superblock) throws Ext2Exception {
    refuse("incompat", superblock.featureIncompat() & ~INCOMPAT_SUPPORTED);
  }

  /**
   * Refuses what a mount can honour that stores nothing.
   *
   * @throws UnsupportedFeatureException EINVAL with the unknown bits
   */
  static void checkWritable(Superblock superblock) throws Ext2Exception {
    refuse("ro_compat", unknownReadOnlyCompatible(superblock));
  }

  /** Returns the features that forbid stores and are not known here. */
  static long unknownReadOnlyCompatible(Superblock superblock) {
    return superblock.featureRoCompat() & ~RO_COMPAT_SUPPORTED;
  }

  private static void refuse(String mask, long unknown) throws Ext2Exception {
    if (unknown != 0) {
      String bits = mask + " 0x" + Long.toHexString(unknown);
      throw new UnsupportedFeatureException(bits, "unsupported optional features: " + bits);
    }
  }
}
