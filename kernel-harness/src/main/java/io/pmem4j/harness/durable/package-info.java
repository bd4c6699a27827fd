// SPDX-License-Identifier: Apache-2.0
/**
 * A memory that knows which cache lines a crash could lose, and the check of the promises of fsync,
 * msync, sync, freeze and unmount. The explorer and the model backend wrap the file system's memory
 * in it. What must not live here: knowledge of scenarios or programs; and no class of the file
 * system knows this package.
 */
@NullMarked
package io.pmem4j.harness.durable;

import org.jspecify.annotations.NullMarked;
