// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.alloc.InodeAllocator;
import io.pmem4j.ext2.xattr.AttributeBlocks;

/**
 * The services that all inodes of a volume share: allocators and the blocks of attributes.
 *
 * @param blocks the block allocator
 * @param inodes the inode allocator
 * @param attributes the blocks of extended attributes
 */
record Allocators(BlockAllocator blocks, InodeAllocator inodes, AttributeBlocks attributes) {}
