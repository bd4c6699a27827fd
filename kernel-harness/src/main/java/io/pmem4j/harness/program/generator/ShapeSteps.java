// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.generator.LikelyInode.Kind;
import java.util.List;

/** Sequences whose steps seldom meet if each is drawn for itself. */
final class ShapeSteps {
  private static final String ATTRIBUTE = "user.a";

  private final GeneratedValues values;
  private final GeneratedSteps steps;
  private final LikelyPaths paths;
  private final FileSteps files;
  private final NameSteps names;

  ShapeSteps(
      GeneratedValues values,
      GeneratedSteps steps,
      LikelyPaths paths,
      FileSteps files,
      NameSteps names) {
    this.values = values;
    this.steps = steps;
    this.paths = paths;
    this.files = files;
    this.names = names;
  }

  /**
   * Adds a sequence.
   *
   * @param small whether the file system can be filled
   */
  void next(boolean small) {
    if (small && values.oneIn(2)) {
      full();
      return;
    }
    switch (values.below(6)) {
      case 0 -> nest();
      case 1 -> removeOpenDirectory();
      case 2 -> unlinkOpen();
      case 3 -> replaceOpen();
      case 4 -> shareAttributes();
      default -> chain();
    }
  }

  /** Directories in one another, which go from the inside. */
  private void nest() {
    String outer = paths.free();
    steps.call(Syscall.MKDIR, outer, 0755);
    String inner = paths.freeIn(outer);
    steps.call(Syscall.MKDIR, inner, 0755);
    switch (values.below(4)) {
      case 0 -> steps.call(Syscall.RENAME, outer, paths.freeIn(inner), 0);
      case 1 -> steps.call(Syscall.RENAME, paths.of(Kind.DIRECTORY), outer, 0);
      case 2 -> steps.call(Syscall.SYMLINK, paths.target(inner), paths.freeIn(inner));
      default -> steps.call(Syscall.RMDIR, outer);
    }
    if (values.oneIn(2)) {
      steps.call(Syscall.RMDIR, inner);
      steps.call(Syscall.RMDIR, outer);
    }
  }

  private void removeOpenDirectory() {
    String path = paths.of(LikelyInode::isEmptyDirectory);
    files.openDirectory(path);
    steps.call(Syscall.RMDIR, path);
    switch (values.below(4)) {
      case 0 -> steps.call(Syscall.MKDIR, path, 0755);
      case 1 -> steps.call(Syscall.LIST, path);
      default -> files.stat();
    }
  }

  /** A file that loses its name, or one of two, while it is open. */
  private void unlinkOpen() {
    String path = paths.of(Kind.FILE);
    files.openOrMake(path);
    if (values.oneIn(2)) {
      steps.call(Syscall.LINK, path, paths.free());
    }
    steps.call(Syscall.UNLINK, path);
    if (values.oneIn(2)) {
      files.openOrMake(path);
    }
    files.write();
  }

  private void replaceOpen() {
    String path = paths.of(Kind.FILE);
    files.openOrMake(path);
    steps.call(Syscall.RENAME, paths.of(Kind.FILE), path, 0);
    files.write();
  }

  /** Two inodes with the same attributes share a block until one changes. */
  private void shareAttributes() {
    String one = paths.of(inode -> !inode.isSymlink());
    String other = paths.of(inode -> !inode.isSymlink());
    Bytes value = new Bytes(values.oneIn(2) ? "31" : "32", 1 + values.below(40));
    for (String path : List.of(one, other)) {
      steps.call(Syscall.SETXATTR, path, ATTRIBUTE, value, 0);
    }
    switch (values.below(4)) {
      case 0 -> names.setAttribute(one, ATTRIBUTE, 2);
      case 1 -> steps.call(Syscall.REMOVEXATTR, other, ATTRIBUTE);
      case 2 -> steps.call(Syscall.UNLINK, one);
      default -> names.setAttribute(other, "user.b", 1);
    }
    steps.call(Syscall.GETXATTR, other, ATTRIBUTE);
  }

  /** Links to links, now and then in a circle, and a call through them. */
  private void chain() {
    String first = paths.free();
    String second = paths.freeIn(first.substring(0, first.lastIndexOf('/')));
    steps.call(Syscall.SYMLINK, LikelyPaths.last(first), second);
    steps.call(
        Syscall.SYMLINK, values.oneIn(3) ? LikelyPaths.last(second) : paths.target(first), first);
    switch (values.below(4)) {
      case 0 -> steps.call(Syscall.LIST, second);
      case 1 -> steps.call(Syscall.MKDIR, paths.freeIn(second), 0755);
      case 2 -> steps.call(Syscall.SETXATTR, second, "trusted.t", new Bytes("31", 3), 0);
      default -> files.openOrMake(second);
    }
  }

  /** A full file system, and calls that need a block or an inode. */
  private void full() {
    files.fill();
    for (int i = 2 + values.below(4); i > 0; i--) {
      switch (values.below(8)) {
        case 0 -> names.mkdir();
        case 1 -> names.setAttribute(paths.of(Kind.FILE), "user.b", 0);
        case 2 -> steps.call(Syscall.SYMLINK, "t".repeat(60 + values.below(100)), paths.free());
        case 3 -> names.link();
        case 4 -> files.openOrMake(paths.free());
        case 5 -> files.sync();
        default -> files.write();
      }
    }
    if (values.oneIn(2)) {
      steps.call(Syscall.FTRUNCATE, files.file(), 0);
    }
  }
}
