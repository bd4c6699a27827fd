// SPDX-License-Identifier: Apache-2.0

/**
 * Exploration of faults against truncation, in every interleaving: scenarios over the production
 * classes of ext2-dax for {@link io.pmem4j.explore}, and the oracles of damage. A scenario is two
 * operations on one file by two tasks with a mapping each, and a second file that takes the blocks
 * that the first frees.
 *
 * <p>What must not live here: interleavings. The explorer chooses them, and the conditions at the
 * end are the same for all.
 */
@NullMarked
package io.pmem4j.harness.explore;

import org.jspecify.annotations.NullMarked;
