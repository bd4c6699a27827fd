// SPDX-License-Identifier: Apache-2.0
/**
 * Access control lists as values: their entries, their formats in system calls and on the medium,
 * and the rules by which they allow, follow a mode and are inherited. No inode is here.
 *
 * <p>Kernel twin: the part of posix_acl.c and of ext2's acl.c that knows no inode.
 */
@NullMarked
package io.pmem4j.ext2.acl;

import org.jspecify.annotations.NullMarked;
