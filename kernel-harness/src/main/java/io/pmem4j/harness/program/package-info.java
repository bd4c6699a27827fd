// SPDX-License-Identifier: Apache-2.0

/**
 * Programs: short sequences of file and memory operations, their text form, and the outcome of an
 * operation. The same program runs on a model, a guest or a real machine.
 *
 * <p>What must not live here: knowledge of a backend, but for the numbers that the operation core
 * has for the system calls.
 */
@NullMarked
package io.pmem4j.harness.program;

import org.jspecify.annotations.NullMarked;
