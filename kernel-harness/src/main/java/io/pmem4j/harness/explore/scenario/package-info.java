// SPDX-License-Identifier: Apache-2.0

/**
 * Scenarios: operations on one file by tasks with a mapping each, and a second file that takes the
 * blocks that the first frees; the image that every run starts from; and the oracles of damage.
 * They run the production classes of ext2-dax under {@link io.pmem4j.explore}.
 *
 * <p>What must not live here: interleavings. The explorer chooses them, and the conditions at the
 * end are the same for all.
 */
@NullMarked
package io.pmem4j.harness.explore.scenario;

import org.jspecify.annotations.NullMarked;
