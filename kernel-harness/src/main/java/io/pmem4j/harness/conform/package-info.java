// SPDX-License-Identifier: Apache-2.0

/**
 * The comparison: every outcome operation by operation, every used block of the images byte by
 * byte. One list, {@link io.pmem4j.harness.backend.Forgiveness}, says what may differ; nothing else
 * forgives a difference.
 */
@NullMarked
package io.pmem4j.harness.conform;

import org.jspecify.annotations.NullMarked;
