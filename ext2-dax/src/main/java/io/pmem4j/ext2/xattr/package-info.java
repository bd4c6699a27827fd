// SPDX-License-Identifier: Apache-2.0
/**
 * Extended attributes: the block that holds those of an inode, the sharing of equal blocks, and the
 * calls that read and change them by name index. Permissions and the names that users see are not
 * here, and neither is the meaning of a value.
 *
 * <p>Kernel twin: xattr.c of ext2, with the part of mbcache.c that it uses.
 */
@NullMarked
package io.pmem4j.ext2.xattr;

import org.jspecify.annotations.NullMarked;
