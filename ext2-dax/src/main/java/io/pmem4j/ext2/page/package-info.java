// SPDX-License-Identifier: Apache-2.0
/**
 * Pages of files that are not DAX. Today: the pages of directories, which are looked at and changed
 * where they lie in the region; what remains of a page is its lock.
 *
 * <p>No copy of contents and no knowledge of directory entries. Kernel twin: mm/filemap.c, the part
 * that matters.
 */
@NullMarked
package io.pmem4j.ext2.page;

import org.jspecify.annotations.NullMarked;
