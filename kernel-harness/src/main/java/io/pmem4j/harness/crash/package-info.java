// SPDX-License-Identifier: Apache-2.0

/**
 * Crashes of the model: operations are recorded on a small image, and every state in which a crash
 * may leave it is checked, mounted in the model and, for a sample, given to e2fsck.
 *
 * <p>What must not live here: the rules of crash states, which are the test kit's, and the check of
 * an image, which is ext2-dax's.
 */
@NullMarked
package io.pmem4j.harness.crash;

import org.jspecify.annotations.NullMarked;
