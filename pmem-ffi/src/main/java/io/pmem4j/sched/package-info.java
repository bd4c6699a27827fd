// SPDX-License-Identifier: Apache-2.0

/**
 * Locks whose every scheduling decision can be taken over: {@link io.pmem4j.sched.Mutex} and {@link
 * io.pmem4j.sched.RwSemaphore} ask a {@link io.pmem4j.sched.Scheduler} at each point where another
 * task may run. In production that is the JDK's threads and costs nothing; an explorer answers the
 * same questions one interleaving at a time, and so runs the very source that production runs.
 *
 * <p>Mirrors {@code include/linux/mutex.h}, {@code include/linux/rwsem.h} and the wake-up rules of
 * {@code kernel/locking/rwsem.c} (Linux 5.10), without optimistic spinning and lock stealing: a
 * waiter is granted the lock by the one who releases it.
 *
 * <p>What must not live here: lock classes and lock orders (they belong to the file system), memory
 * and files. This package uses nothing of {@code io.pmem4j.pmem}.
 */
@NullMarked
package io.pmem4j.sched;

import org.jspecify.annotations.NullMarked;
