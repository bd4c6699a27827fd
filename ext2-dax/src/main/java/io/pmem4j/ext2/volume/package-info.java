// SPDX-License-Identifier: Apache-2.0
/**
 * The mounted volume: the superblock and its state, geometry validated once, feature gates,
 * counters, freeze protection, and which metadata blocks wait to be made durable.
 *
 * <p><b>Durability: store, flush, drain, publish.</b> A drain covers only what the calling task has
 * flushed itself. So an fsync cannot complete the flushes of another task, and every task drains
 * before it gives up that by which an fsync could know of them:
 *
 * <ul>
 *   <li>the data of write(2) and the zeros of truncation, before {@code i_rwsem} is free ({@code
 *       DaxIo});
 *   <li>stores through mappings, before the tag of the DAX entry goes ({@code DaxWriteback});
 *   <li>metadata blocks, before their mark goes ({@link io.pmem4j.ext2.volume.DirtyBlocks});
 *   <li>zeros and pointers of a new branch, before the pointer that makes it reachable is stored
 *       ({@code BlockMap});
 *   <li>everything else, before the superblock says that the image is valid ({@link
 *       io.pmem4j.ext2.volume.Volume#end}, {@link io.pmem4j.ext2.volume.Volume#freezeFs}).
 * </ul>
 *
 * <p>In the other direction, marks and tags are set after the store and before the lock that guards
 * it is free. An inode in memory is dirty until its place in the table was stored to and marked.
 *
 * <p>Allocates nothing and knows no inodes. Kernel twin: super.c.
 */
@NullMarked
package io.pmem4j.ext2.volume;

import org.jspecify.annotations.NullMarked;
