// SPDX-License-Identifier: Apache-2.0

/**
 * The backend that runs programs on ext2-dax in this JVM.
 *
 * <p>What must not live here: knowledge of how a kernel answered, other than its random choices.
 */
@NullMarked
package io.pmem4j.harness.backend.model;

import org.jspecify.annotations.NullMarked;
