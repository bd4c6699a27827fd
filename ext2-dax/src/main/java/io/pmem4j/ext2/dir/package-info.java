// SPDX-License-Identifier: Apache-2.0
/**
 * Directory blocks: all knowledge of their layout, and nothing else has it. Looking a name up,
 * adding an entry, deleting one, reading them in order.
 *
 * <p>No paths, no inodes made or freed. Kernel twin: dir.c.
 */
@NullMarked
package io.pmem4j.ext2.dir;

import org.jspecify.annotations.NullMarked;
