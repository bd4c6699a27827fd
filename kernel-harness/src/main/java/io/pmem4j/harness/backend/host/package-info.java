// SPDX-License-Identifier: Apache-2.0

/**
 * The backend that runs programs in a directory of the running kernel, and the care that it takes
 * of that machine: ownership of the mount, thawing, clean-up.
 *
 * <p>What must not live here: a list of file systems by name. Their traits are probed.
 */
@NullMarked
package io.pmem4j.harness.backend.host;

import org.jspecify.annotations.NullMarked;
