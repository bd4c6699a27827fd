// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.generator.LikelyInode.Kind;
import java.util.List;

/** Generated operations on directories, links, names and attributes. */
final class NameSteps {
  private static final long[] FLAGS = {0, 0, 0, 0x8, 0x10, 0x20, 0x80, 0x10000, 0x1f};

  private static final long[] WINDOWS = {0, 1, 3, 8, 20, 2000};

  private static final List<String> ATTRIBUTES =
      List.of("user.a", "user.b", "user.longer", "trusted.t", "security.s", "user.", "none");

  private static final int LARGE_VALUE = 3000;
  private static final String ACCESS_LIST = "system.posix_acl_access";
  private static final String DEFAULT_LIST = "system.posix_acl_default";

  /** Lists of version 2: one that a mode can say, two that it cannot, one that is not valid. */
  private static final List<String> LISTS =
      List.of(
          "0200000001000700ffffffff04000500ffffffff20000100ffffffff",
          "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000000ffffffff",
          "0200000001000700ffffffff04000500ffffffff0800070070110100"
              + "10000700ffffffff20000500ffffffff",
          "0200000001000700ffffffff02000600e803000004000500ffffffff20000100ffffffff");

  private final GeneratedValues values;
  private final GeneratedSteps steps;
  private final LikelyPaths paths;

  NameSteps(GeneratedValues values, GeneratedSteps steps, LikelyPaths paths) {
    this.values = values;
    this.steps = steps;
    this.paths = paths;
  }

  void change() {
    switch (values.below(16)) {
      case 0, 1, 2, 3 -> mkdir();
      case 4, 5 ->
          steps.call(
              Syscall.RMDIR,
              values.oneIn(3) ? paths.of(Kind.DIRECTORY) : paths.of(LikelyInode::isEmptyDirectory));
      case 6, 7 -> link();
      case 8, 9 -> symlink();
      case 10, 11, 12, 13, 14 -> rename();
      default ->
          steps.call(
              Syscall.UNLINK,
              values.oneIn(4) ? paths.existing() : paths.of(inode -> !inode.isDirectory()));
    }
  }

  void mkdir() {
    steps.call(Syscall.MKDIR, values.oneIn(6) ? paths.existing() : paths.free(), mode());
  }

  void link() {
    steps.call(
        Syscall.LINK,
        values.oneIn(6) ? paths.existing() : paths.of(inode -> !inode.isDirectory()),
        values.oneIn(4) ? paths.existing() : paths.free());
  }

  void symlink() {
    String path = values.oneIn(6) ? paths.existing() : paths.free();
    steps.call(Syscall.SYMLINK, paths.target(path), path);
  }

  /** To a free name, over what is of the same kind or of another, into itself. */
  private void rename() {
    String from = paths.existing();
    boolean directory = steps.tree().find(from, false).filter(LikelyInode::isDirectory).isPresent();
    String to =
        switch (values.below(8)) {
          case 0, 1 ->
              directory
                  ? paths.of(LikelyInode::isEmptyDirectory)
                  : paths.of(inode -> !inode.isDirectory());
          case 2 -> directory ? paths.freeIn(from) : paths.existing();
          case 3 -> paths.existing();
          default -> paths.free();
        };
    steps.call(Syscall.RENAME, from, to, values.oneIn(6) ? values.below(5) : 0);
  }

  void ask() {
    switch (values.below(9)) {
      case 0 ->
          steps.call(Syscall.READLINK, values.oneIn(4) ? paths.existing() : paths.of(Kind.SYMLINK));
      case 1, 2, 3 ->
          steps.call(Syscall.LIST, values.oneIn(4) ? paths.existing() : paths.of(Kind.DIRECTORY));
      case 4 -> steps.call(Syscall.ACCESS, paths.existing(), values.below(8));
      case 5 -> steps.call(Syscall.GETFLAGS, paths.existing());
      case 6 -> steps.call(Syscall.STATFS, "/");
      case 7 -> steps.call(Syscall.GETRSVSZ, paths.of(Kind.FILE));
      default -> steps.call(Syscall.STATX, paths.existing());
    }
  }

  void attribute() {
    switch (values.below(6)) {
      case 0, 1 -> steps.call(Syscall.CHMOD, paths.existing(), mode());
      case 2 -> steps.call(Syscall.CHOWN, paths.existing(), id(), id());
      case 3 -> steps.call(Syscall.UTIMENS, paths.existing(), time(), time());
      case 4 -> steps.call(Syscall.SETRSVSZ, paths.of(Kind.FILE), values.of(WINDOWS));
      default -> setFlags();
    }
  }

  /** Half of them let go what cannot be changed: it would refuse all that follows. */
  private void setFlags() {
    List<String> pinned = steps.tree().paths(LikelyInode::isPinned);
    if (!pinned.isEmpty() && values.oneIn(2)) {
      steps.call(Syscall.SETFLAGS, values.of(pinned), 0);
    } else {
      steps.call(Syscall.SETFLAGS, paths.existing(), values.of(FLAGS));
    }
  }

  /** Few values, so that blocks of attributes are shared. */
  void extendedAttribute() {
    switch (values.below(12)) {
      case 0 -> steps.call(Syscall.LISTXATTR, holder());
      case 1, 2 -> {
        String path = holder();
        steps.call(Syscall.GETXATTR, path, attributeOf(path));
      }
      case 3, 4 -> {
        String path = holder();
        steps.call(Syscall.REMOVEXATTR, path, attributeOf(path));
      }
      case 5, 6 ->
          steps.call(
              Syscall.SETXATTR,
              paths.existing(),
              values.oneIn(2) ? DEFAULT_LIST : ACCESS_LIST,
              new Bytes(values.of(LISTS), 1),
              0);
      default -> {
        String path = values.oneIn(2) ? holder() : paths.of(inode -> !inode.isSymlink());
        setAttribute(path, attributeOf(path), values.oneIn(3) ? values.below(4) : 0);
      }
    }
  }

  void setAttribute(String path, String attribute, int flags) {
    steps.call(
        Syscall.SETXATTR,
        path,
        attribute,
        new Bytes(
            values.oneIn(2) ? "31" : "32", values.oneIn(8) ? LARGE_VALUE : 1 + values.below(3) * 7),
        flags);
  }

  /** Likely has an attribute. */
  private String holder() {
    return values.oneIn(4) ? paths.existing() : paths.of(inode -> !inode.attributes().isEmpty());
  }

  /** Returns an attribute that a path likely has, or any. */
  private String attributeOf(String path) {
    List<String> attributes =
        steps
            .tree()
            .find(path, false)
            .map(LikelyInode::attributes)
            .map(List::copyOf)
            .orElse(List.of());
    return attributes.isEmpty() || values.oneIn(3) ? anyAttribute() : values.of(attributes);
  }

  private String anyAttribute() {
    return switch (values.below(5)) {
      case 0 -> ACCESS_LIST;
      case 1 -> DEFAULT_LIST;
      default -> values.of(ATTRIBUTES);
    };
  }

  private long mode() {
    return values.oneIn(3) ? values.of(0, 0700, 02755, 01777, 07777) : 0755;
  }

  private long id() {
    return values.of(-1, 0, 1000, 70000);
  }

  private long time() {
    return switch (values.below(4)) {
      case 0 -> Parameter.NOW;
      case 1 -> Parameter.OMIT;
      default -> values.below(100);
    };
  }
}
