// SPDX-License-Identifier: Apache-2.0
/**
 * Direct access: the entries of a DAX mapping and their locks, the body of a page fault, writing
 * back, and reading and writing without a page cache.
 *
 * <p>Everything that depends on the file system comes through {@link io.pmem4j.ext2.dax.IomapOps}
 * and {@link io.pmem4j.ext2.dax.DaxHost}; nothing here knows ext2, its locks, times or freezing.
 * Kernel twin: fs/dax.c; {@link io.pmem4j.ext2.dax.FaultTrace} is include/trace/events/fs_dax.h.
 */
@NullMarked
package io.pmem4j.ext2.dax;

import org.jspecify.annotations.NullMarked;
