// SPDX-License-Identifier: Apache-2.0

/**
 * The kernels that the harness boots: their images and scripts in the checkout, their names for
 * errors, their lock graph, and the listed differences of later kernels.
 *
 * <p>What must not live here: a running guest, or a judgement on an outcome.
 */
@NullMarked
package io.pmem4j.harness.kernel;

import org.jspecify.annotations.NullMarked;
