// SPDX-License-Identifier: Apache-2.0

/**
 * A booted guest: the channel to its agent, its tasks, its JVM, and the diagnosis of a guest that
 * did not answer.
 *
 * <p>What must not live here: the meaning of a program, or its expected answers; the options of
 * QEMU, which belong to {@code .qemu}; the grading of console text, which belongs to {@code
 * .console}.
 */
@NullMarked
package io.pmem4j.harness.guest;

import org.jspecify.annotations.NullMarked;
