// SPDX-License-Identifier: Apache-2.0

/**
 * Faults against truncation, in every order: scenarios over the production classes of ext2-dax for
 * {@link io.pmem4j.explore}, and what counts as damage. A scenario is two operations on one file by
 * two tasks with a mapping each, and a second file that takes the blocks which the first gives up.
 *
 * <p>What must not live here: interleavings. Which ones matter is the explorer's business, and what
 * an interleaving may lead to is the same for all.
 */
@NullMarked
package io.pmem4j.harness.explore;

import org.jspecify.annotations.NullMarked;
