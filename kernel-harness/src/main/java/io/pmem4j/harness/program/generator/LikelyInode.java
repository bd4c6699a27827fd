// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** An inode that a generated program has made if its calls succeeded. Each is equal to itself. */
final class LikelyInode {
  /** The type of the inode. */
  enum Kind {
    /** An ordinary, regular file. */
    FILE,
    /** A directory of entries. */
    DIRECTORY,
    /** A link by a path. */
    SYMLINK,
    /** A device without a driver, which open(2) refuses. */
    DEVICE
  }

  private static final int IMMUTABLE = 0x10;
  private static final int APPEND = 0x20;

  private final Kind kind;
  private final String target;

  /** In order of names, so that the same seed draws the same program. */
  private final Map<String, LikelyInode> entries = new TreeMap<>();

  private final Set<String> attributes = new TreeSet<>();
  private long flags;

  private LikelyInode(Kind kind, String target) {
    this.kind = kind;
    this.target = target;
  }

  static LikelyInode of(Kind kind) {
    return new LikelyInode(kind, "");
  }

  static LikelyInode symlink(String target) {
    return new LikelyInode(Kind.SYMLINK, target);
  }

  Kind kind() {
    return kind;
  }

  boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  boolean isSymlink() {
    return kind == Kind.SYMLINK;
  }

  /** Returns true for a directory without entries. */
  boolean isEmptyDirectory() {
    return isDirectory() && entries.isEmpty();
  }

  /** Returns the path that a symbolic link leads to. */
  String target() {
    return target;
  }

  /** Returns the entries of a directory, which the caller may change. */
  Map<String, LikelyInode> entries() {
    return entries;
  }

  /** Returns the names of extended attributes, which the caller may change. */
  Set<String> attributes() {
    return attributes;
  }

  void setFlags(long value) {
    flags = value;
  }

  boolean isImmutable() {
    return (flags & IMMUTABLE) != 0;
  }

  /** Returns true if the inode can neither be renamed nor removed, nor its entries. */
  boolean isPinned() {
    return (flags & (IMMUTABLE | APPEND)) != 0;
  }

  /** Returns whether a directory is or holds another inode, at any depth. */
  boolean holds(LikelyInode other) {
    return this == other || entries.values().stream().anyMatch(entry -> entry.holds(other));
  }
}
