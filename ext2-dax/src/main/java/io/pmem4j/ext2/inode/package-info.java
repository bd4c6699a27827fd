// SPDX-License-Identifier: Apache-2.0
/**
 * Inodes in memory, their reading and writing-out, and the tree of blocks below each: lookup,
 * allocation and splicing, truncation, eviction, extents.
 *
 * <p>No names, no open files, no fault handlers. Kernel twin: inode.c, with the second part of
 * {@code ext2_new_inode}.
 */
@NullMarked
package io.pmem4j.ext2.inode;

import org.jspecify.annotations.NullMarked;
