// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

/**
 * Blocks that lie side by side.
 *
 * @param first the first block
 * @param count how many, at least one
 */
public record BlockRun(long first, int count) {}
