// SPDX-License-Identifier: Apache-2.0

/**
 * The backend that runs programs on a booted kernel, its trace events, and the promises that a
 * power cut must keep.
 *
 * <p>What must not live here: the protocol of the agent, which belongs to {@code .guest} and {@code
 * .wire}.
 */
@NullMarked
package io.pmem4j.harness.backend.guest;

import org.jspecify.annotations.NullMarked;
