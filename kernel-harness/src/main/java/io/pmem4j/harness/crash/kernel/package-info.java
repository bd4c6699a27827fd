// SPDX-License-Identifier: Apache-2.0
/**
 * Crash states of the real kernel: a program runs in a guest whose stores are recorded, and the
 * states in which a power cut may leave the NVDIMM are mounted by a second guest.
 *
 * <p>What must not live here: rules of which stores are durable, which are the crash engine's.
 */
@NullMarked
package io.pmem4j.harness.crash.kernel;

import org.jspecify.annotations.NullMarked;
