// SPDX-License-Identifier: Apache-2.0
/**
 * The page cache of files without DAX: pages and buffers, read and write through them, writing
 * back, truncation, reclaim. And the page locks of directories, whose pages are changed where they
 * lie in the region: what remains of such a page is its lock.
 *
 * <p>No knowledge of directory entries and of the block tree: a file is a {@link
 * io.pmem4j.ext2.page.PageCacheHost}. Kernel twins: mm/filemap.c, mm/truncate.c, fs/buffer.c,
 * fs/mpage.c.
 */
@NullMarked
package io.pmem4j.ext2.page;

import org.jspecify.annotations.NullMarked;
