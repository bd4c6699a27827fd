// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.alloc.InodeAllocator;
import io.pmem4j.ext2.xattr.AttributeBlocks;

/**
 * The services that all inodes of a volume share: allocators, the blocks of attributes, and the
 * flusher.
 *
 * @param blocks the block allocator
 * @param inodes the inode allocator
 * @param attributes the blocks of extended attributes
 * @param flusher the task that allocates for late write-backs
 */
record Allocators(
    BlockAllocator blocks, InodeAllocator inodes, AttributeBlocks attributes, Flusher flusher) {}
