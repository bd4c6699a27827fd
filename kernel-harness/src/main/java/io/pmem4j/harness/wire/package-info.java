// SPDX-License-Identifier: Apache-2.0

/**
 * The wire format of the operation core: requests, responses, batches and frames, and the outcome
 * of an exchange, with each way of failing as a constant.
 *
 * <p>What must not live here: a process, a socket, or the meaning of a request for a program.
 *
 * <p>Mirrors {@code kernel-harness/src/main/c/wire.h}; a test compares the two.
 */
@NullMarked
package io.pmem4j.harness.wire;

import org.jspecify.annotations.NullMarked;
