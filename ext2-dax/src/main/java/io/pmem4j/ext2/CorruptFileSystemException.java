// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * A structure on the medium that cannot be right. Names the structure, the field, what was found
 * and what was expected, so that the message is enough to find the byte.
 */
public final class CorruptFileSystemException extends Ext2Exception {
  private static final long serialVersionUID = 1L;

  private final String structure;
  private final String field;
  private final String found;
  private final String expected;

  /**
   * Describes one wrong field.
   *
   * @param errno what the kernel answers: EINVAL at mount, EUCLEAN for an inode, EIO for a
   *     directory or a pointer
   * @param structure for example {@code superblock} or {@code inode 12}
   * @param field the kernel's field name
   */
  public CorruptFileSystemException(
      Errno errno, String structure, String field, String found, String expected) {
    super(errno, structure + ": " + field + " is " + found + ", expected " + expected);
    this.structure = structure;
    this.field = field;
    this.found = found;
    this.expected = expected;
  }

  /** The structure and its number. */
  public String structure() {
    return structure;
  }

  /** The field's name in the kernel's structure. */
  public String field() {
    return field;
  }

  /** The value on the medium. */
  public String found() {
    return found;
  }

  /** The rule that it breaks. */
  public String expected() {
    return expected;
  }
}
