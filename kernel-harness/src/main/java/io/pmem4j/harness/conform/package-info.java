// SPDX-License-Identifier: Apache-2.0

/**
 * The comparison: every outcome operation by operation, every used block of the images byte by
 * byte. What must not live here: a rule that forgives a difference, other than through {@link
 * io.pmem4j.harness.backend.Forgiveness}.
 */
@NullMarked
package io.pmem4j.harness.conform;

import org.jspecify.annotations.NullMarked;
