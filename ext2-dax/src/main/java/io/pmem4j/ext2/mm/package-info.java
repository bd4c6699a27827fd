// SPDX-License-Identifier: Apache-2.0
/**
 * The part of memory management that a DAX file system meets: address spaces and their mappings,
 * page tables, the fault entry that decides which handler runs, and the reverse map that lets a
 * file find the page tables showing it.
 *
 * <p>Knows frames of persistent memory and offers of files to be mapped; knows no file system.
 * Kernel twin: mm/memory.c, mm/mmap.c and mm/rmap.c as far as they matter.
 */
@NullMarked
package io.pmem4j.ext2.mm;

import org.jspecify.annotations.NullMarked;
