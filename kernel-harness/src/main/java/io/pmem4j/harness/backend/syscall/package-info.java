// SPDX-License-Identifier: Apache-2.0

/**
 * Operations as system calls: requests to the operation core and its answers as outcomes, for every
 * backend that is a real kernel.
 *
 * <p>What must not live here: a guest, a directory of the host, or the model.
 */
@NullMarked
package io.pmem4j.harness.backend.syscall;

import org.jspecify.annotations.NullMarked;
