// SPDX-License-Identifier: Apache-2.0

/**
 * Persistent memory: mapped files and devices whose {@code persist} is durable or throws.
 *
 * <p>Lives here: the region API, its two backends, their errors. Does not live here: structures on
 * top of a region, crash simulation, anything that knows a file system.
 */
@NullMarked
package io.pmem4j.pmem;

import org.jspecify.annotations.NullMarked;
