// SPDX-License-Identifier: Apache-2.0

/**
 * Durable structures over {@link io.pmem4j.pmem.PersistentMemory}. Each operation has one point at
 * which it becomes durable, each record has a checksum, and each format is described field by field
 * in {@code docs/formats.md}.
 *
 * <p>The structures and their formats belong here. Mapping, granularity and devices do not: they
 * are {@code io.pmem4j.pmem}'s.
 */
@NullMarked
package io.pmem4j.durable;

import org.jspecify.annotations.NullMarked;
