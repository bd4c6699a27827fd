// SPDX-License-Identifier: Apache-2.0
/**
 * The mounted volume: the superblock and its state, geometry validated once, feature gates,
 * counters, freeze protection, and which metadata blocks wait to be made durable.
 *
 * <p>Allocates nothing and knows no inodes. Kernel twin: super.c.
 */
@NullMarked
package io.pmem4j.ext2.volume;

import org.jspecify.annotations.NullMarked;
