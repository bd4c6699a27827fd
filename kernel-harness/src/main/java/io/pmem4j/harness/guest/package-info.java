// SPDX-License-Identifier: Apache-2.0
/**
 * The booted kernel: the process of QEMU, its console, and the agent's port.
 *
 * <p>What lives here: starting and ending a guest, the wire format of the agent, the grading of
 * console text, and the exact outcome of each failure. What must not live here: the meaning of a
 * program, or its expected answers.
 *
 * <p>Mirrors {@code kernel-harness/src/main/c/wire.h}; the console grammar follows the reports of
 * the kernel's {@code lib/bug.c}, {@code kernel/panic.c} and {@code kernel/locking/lockdep.c}.
 */
@NullMarked
package io.pmem4j.harness.guest;

import org.jspecify.annotations.NullMarked;
