// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** An option of a mount that is on or off, with the words of mount(8). */
public enum MountFlag {
  /** Regular files are mapped and accessed without a page cache; off if a block is no page. */
  DAX("dax", ""),
  /** The old name of dax, which Linux shows beside it. */
  XIP("xip", ""),
  /** Directories are placed by the old rule instead of Orlov's. */
  OLDALLOC("oldalloc", "orlov"),
  /** Blocks are allocated without reservation windows. */
  NORESERVATION("noreservation", "reservation"),
  /** A new file has the group of its directory: {@code grpid}. */
  GROUP_OF_DIRECTORY("grpid", "nogrpid"),
  /** Statfs counts the blocks of the structures as usable: {@code minixdf}. */
  MINIX_DF("minixdf", "bsddf"),
  /** User and group ids have 16 bits on the medium. */
  NOUID32("nouid32", ""),
  /** Linux prints the geometry at mount. */
  DEBUG("debug", ""),
  /** Linux keeps no buffers of data; nothing on the medium differs. */
  NOBH("nobh", ""),
  /** There are attributes of the name space user. */
  USER_XATTR("user_xattr", "nouser_xattr"),
  /** There are access control lists, and they count. */
  ACL("acl", "noacl"),
  /** Nothing is stored, so that the memory may be mapped for loads only. */
  READ_ONLY("ro", "rw"),
  /** Each change is durable when its call returns, as far as Linux has it so. */
  SYNC("sync", "async"),
  /** The same for changes of directories. */
  DIRSYNC("dirsync", ""),
  /**
   * The stores of an operation become durable in an order in which a crash damages no structure,
   * see {@code docs/crash-consistency.md}. Linux has no such option.
   */
  ORDERED("ordered", "unordered");

  private final String on;
  private final String off;

  MountFlag(String on, String off) {
    this.on = on;
    this.off = off;
  }

  boolean isSetBy(String word) {
    return on.equals(word);
  }

  boolean isClearedBy(String word) {
    return !word.isEmpty() && off.equals(word);
  }

  /** Returns the word that sets the flag. */
  @Override
  public String toString() {
    return on;
  }
}
