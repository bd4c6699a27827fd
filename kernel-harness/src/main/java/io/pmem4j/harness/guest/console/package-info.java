// SPDX-License-Identifier: Apache-2.0

/**
 * The guest's console: reading it, and grading its text.
 *
 * <p>What must not live here: a decision about the guest. The grammar follows the reports of the
 * kernel's {@code lib/bug.c}, {@code kernel/panic.c} and {@code kernel/locking/lockdep.c}.
 */
@NullMarked
package io.pmem4j.harness.guest.console;

import org.jspecify.annotations.NullMarked;
