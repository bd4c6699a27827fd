// SPDX-License-Identifier: Apache-2.0

/**
 * Findings as programs for booted kernels: where the model stopped a task, the kernel's task is
 * parked at a rendezvous point.
 *
 * <p>What must not live here: exploration, or a judgement on what a kernel answers.
 */
@NullMarked
package io.pmem4j.harness.explore.export;

import org.jspecify.annotations.NullMarked;
