// SPDX-License-Identifier: Apache-2.0
/**
 * A checker of whole images, which mounts nothing and stores nothing. It tells what a crash may
 * leave behind from damage. Kernel twin: none; the judge of the same things is {@code e2fsck -fn}.
 */
@NullMarked
package io.pmem4j.ext2.check;

import org.jspecify.annotations.NullMarked;
