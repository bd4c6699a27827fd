// SPDX-License-Identifier: Apache-2.0

/**
 * Crash testing of code over {@link io.pmem4j.pmem.PersistentMemory}. A {@link
 * io.pmem4j.crash.RecordedMemory} records the stores, flushes and drains of a run. {@link
 * io.pmem4j.crash.CrashStates} makes each image that the medium may hold after a power failure, and
 * runs recovery and a check on it. {@link io.pmem4j.crash.HeapMemory} and {@link
 * io.pmem4j.crash.FaultyMemory} serve unit tests without a file.
 *
 * <p>Nothing here needs native access, an agent or a second JVM. File systems do not belong here,
 * nor does the choice of a test framework.
 */
@NullMarked
package io.pmem4j.crash;

import org.jspecify.annotations.NullMarked;
