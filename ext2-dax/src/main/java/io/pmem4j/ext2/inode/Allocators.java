// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.alloc.InodeAllocator;

/**
 * The allocators that all inodes of a volume share.
 *
 * @param blocks the block allocator
 * @param inodes the inode allocator
 */
record Allocators(BlockAllocator blocks, InodeAllocator inodes) {}
