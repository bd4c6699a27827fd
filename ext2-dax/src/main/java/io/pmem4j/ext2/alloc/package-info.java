// SPDX-License-Identifier: Apache-2.0
/**
 * Which block and which inode is taken next: bitmaps, goals, group choice and reservation windows.
 *
 * <p>Knows groups and bits, no files: who the blocks are for comes as a goal. Kernel twin: balloc.c
 * and ialloc.c.
 */
@NullMarked
package io.pmem4j.ext2.alloc;

import org.jspecify.annotations.NullMarked;
