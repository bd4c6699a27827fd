// SPDX-License-Identifier: Apache-2.0
/**
 * A memory that knows which cache lines a crash could lose, and the check of what fsync, msync,
 * sync, freeze and unmount promise. Explorer and conformance run wrap the file system's memory in
 * it; no class of the file system knows of it.
 */
@NullMarked
package io.pmem4j.harness.durable;

import org.jspecify.annotations.NullMarked;
