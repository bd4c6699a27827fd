// SPDX-License-Identifier: Apache-2.0

/**
 * Locks with a replaceable scheduler. {@link io.pmem4j.sched.Mutex} and {@link
 * io.pmem4j.sched.RwSemaphore} call a {@link io.pmem4j.sched.Scheduler} at each point where another
 * task may run. In production that is the JDK's threads and costs nothing. An explorer decides one
 * interleaving at a time, and so runs the same source as production.
 *
 * <p>Mirrors {@code include/linux/mutex.h}, {@code include/linux/rwsem.h} and the wake-up rules of
 * {@code kernel/locking/rwsem.c} (Linux 5.10), without optimistic spinning and lock stealing: the
 * releaser grants the lock to a waiter.
 *
 * <p>Lock classes and lock orders do not belong here but to the file system; neither do memory and
 * files. This package uses nothing of {@code io.pmem4j.pmem}.
 *
 * <p>A service interface: code that pmem-testkit explores takes its locks from here and passes its
 * scheduler on. Programs that only store durably need nothing of it.
 */
@NullMarked
package io.pmem4j.sched;

import org.jspecify.annotations.NullMarked;
