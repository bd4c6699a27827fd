// SPDX-License-Identifier: Apache-2.0
/**
 * The structures on the medium: one little-endian {@code StructLayout} each, with the kernel's
 * field names, and a typed pointer that reads fields where they lie and stores only through {@link
 * io.pmem4j.pmem.PersistentMemory}.
 *
 * <p>No copies of values, no rules about what values mean, no allocation. Kernel twin: ext2.h.
 */
@NullMarked
package io.pmem4j.ext2.layout;

import org.jspecify.annotations.NullMarked;
