// SPDX-License-Identifier: Apache-2.0
/**
 * Open files: the fault handlers with freeze protection, times and {@code dax_sem} around the body
 * that {@code .dax} has; reading, writing, truncating and syncing with the locks of the system
 * calls.
 *
 * <p>No names and no block trees. Kernel twin: ext2/file.c.
 *
 * <p>The order of the locks of a fault:
 *
 * <pre>
 * mmap_lock
 *   sb_pagefaults (freeze)          shared write faults only
 *     dax_sem, shared
 *       DAX entry lock
 *         i_mmap_rwsem
 *         truncate_mutex
 * </pre>
 */
@NullMarked
package io.pmem4j.ext2.file;

import org.jspecify.annotations.NullMarked;
