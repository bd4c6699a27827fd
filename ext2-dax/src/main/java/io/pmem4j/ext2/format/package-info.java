// SPDX-License-Identifier: Apache-2.0
/**
 * Making file systems: {@code mke2fs}, byte by byte. It mounts nothing and knows no inode in
 * memory.
 */
@NullMarked
package io.pmem4j.ext2.format;

import org.jspecify.annotations.NullMarked;
