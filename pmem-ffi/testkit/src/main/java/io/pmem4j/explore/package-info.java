// SPDX-License-Identifier: Apache-2.0

/**
 * Runs production code under every interleaving that matters. A scenario makes fresh state and a
 * few tasks over an {@link io.pmem4j.sched.Scheduler}. The {@link io.pmem4j.explore.Explorer} runs
 * it again and again, each time in another order, one task at a time. It reports exceptions of
 * tasks, failed checks, deadlocks and livelocks. A finding carries the schedule that leads to it.
 * The schedule replays exactly and is shrunk to as few switches as needed.
 *
 * <p>The search is depth first and complete up to a number of preemptions (Musuvathi and Qadeer,
 * "Iterative context bounding", PLDI 2007). Dynamic partial-order reduction is optional (Flanagan
 * and Godefroid, POPL 2005; with bounds Coons, Musuvathi and McKinley, OOPSLA 2013). Larger
 * scenarios get random priorities (Burckhardt and others, "PCT", ASPLOS 2010).
 *
 * <p>File systems, memory and crashes do not belong here. The code between two yield points is
 * atomic to the explorer, so a shared access without a yield point is not explored.
 */
@NullMarked
package io.pmem4j.explore;

import org.jspecify.annotations.NullMarked;
