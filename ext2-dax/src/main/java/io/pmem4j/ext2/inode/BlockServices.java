// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.alloc.InodeAllocator;

/**
 * What every inode of a volume shares to get and give back space.
 *
 * @param blocks the block allocator
 * @param inodes the inode allocator
 */
record BlockServices(BlockAllocator blocks, InodeAllocator inodes) {}
