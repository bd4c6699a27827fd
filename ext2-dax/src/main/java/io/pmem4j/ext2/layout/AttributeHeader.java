// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct ext2_xattr_header}: the begin of a block of extended attributes.
 *
 * <p>A typed pointer, not synchronised; the lock of the block's buffer guards the refcount.
 *
 * @param memory the whole file system
 * @param offset where the block lies, bytes
 */
public record AttributeHeader(PersistentMemory memory, long offset) {
  /** The value of {@code h_magic}. */
  public static final int MAGIC = 0xEA020000;

  /** The fields in the kernel's order. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          Le.u32("h_magic"),
          Le.u32("h_refcount"),
          Le.u32("h_blocks"),
          Le.u32("h_hash"),
          Le.words("h_reserved", 4));

  private static final U32 H_MAGIC = U32.of(LAYOUT, "h_magic");
  private static final U32 H_REFCOUNT = U32.of(LAYOUT, "h_refcount");
  private static final U32 H_BLOCKS = U32.of(LAYOUT, "h_blocks");

  /** Returns true for a header of this format: {@code ext2_xattr_header_valid}. */
  public boolean isValid() {
    return H_MAGIC.get(memory, offset) == MAGIC && H_BLOCKS.get(memory, offset) == 1;
  }

  /** {@code h_refcount}: the inodes that have these attributes. */
  public long refcount() {
    return H_REFCOUNT.unsigned(memory, offset);
  }

  /** Stores {@code h_refcount}. */
  public void refcount(long value) {
    H_REFCOUNT.put(memory, offset, (int) value);
  }
}
