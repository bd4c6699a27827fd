// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * The answer of statfs(2).
 *
 * @param blockBytes size of a block
 * @param blocks blocks that files may have, without those of the file system itself
 * @param freeBlocks blocks that nobody uses
 * @param availableBlocks free blocks without those that are reserved
 * @param files inodes
 * @param freeFiles inodes that nobody uses
 * @param nameBytes the longest name
 */
public record FileSystemUse(
    int blockBytes,
    long blocks,
    long freeBlocks,
    long availableBlocks,
    long files,
    long freeFiles,
    int nameBytes) {}
