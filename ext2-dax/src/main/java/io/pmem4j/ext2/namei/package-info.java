// SPDX-License-Identifier: Apache-2.0
/**
 * Names: walking a path, making and removing names of every kind, renaming, opening, permissions.
 * All knowledge of directory layout is in {@code .dir}; what is here are the locks and the order of
 * steps.
 *
 * <p>Kernel twin: namei.c of ext2 and the part of fs/namei.c above it.
 */
@NullMarked
package io.pmem4j.ext2.namei;

import org.jspecify.annotations.NullMarked;
