// SPDX-License-Identifier: Apache-2.0

/**
 * Runs production code under every interleaving that matters. A scenario makes fresh state and a
 * few tasks over an {@link io.pmem4j.sched.Scheduler}; the {@link io.pmem4j.explore.Explorer} runs
 * it again and again, each time in another order, one task at a time, and reports what goes wrong:
 * an exception of a task, a check that fails, a deadlock, a task that never ends. A finding carries
 * the schedule that leads to it, which replays exactly and is shrunk to as few switches as needed.
 *
 * <p>Search: depth first, complete up to a number of preemptions (Musuvathi and Qadeer, "Iterative
 * context bounding", PLDI 2007), with or without dynamic partial-order reduction (Flanagan and
 * Godefroid, POPL 2005; for bounds Coons, Musuvathi and McKinley, OOPSLA 2013); beyond that random
 * priorities (Burckhardt and others, "PCT", ASPLOS 2010).
 *
 * <p>What must not live here: anything about file systems, memory or crashes. What a task does
 * between two points is atomic to the explorer, so a shared access without a point is not explored.
 */
@NullMarked
package io.pmem4j.explore;

import org.jspecify.annotations.NullMarked;
