// SPDX-License-Identifier: Apache-2.0
/**
 * The locks of the file system and the order in which a task may take them: the classes, orders as
 * values, and the check at every acquisition.
 *
 * <p>Nothing here knows what a lock protects beyond its one-line description, and nothing here
 * blocks by itself: waiting is done by {@code io.pmem4j.sched}. Kernel twin: lockdep.
 */
@NullMarked
package io.pmem4j.ext2.lock;

import org.jspecify.annotations.NullMarked;
