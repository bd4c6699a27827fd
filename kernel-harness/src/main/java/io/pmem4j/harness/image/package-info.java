// SPDX-License-Identifier: Apache-2.0

/**
 * Images of ext2: made by mke2fs, edited by debugfs, checked by e2fsck, held in memory, and the
 * temporary directories that they lie in. There is one recipe for mke2fs and one call of e2fsck.
 *
 * <p>What must not live here: knowledge of a backend, or a comparison of two images.
 */
@NullMarked
package io.pmem4j.harness.image;

import org.jspecify.annotations.NullMarked;
