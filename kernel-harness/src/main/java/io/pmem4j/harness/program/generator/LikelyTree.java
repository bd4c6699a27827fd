// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.ImageSetup;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.generator.LikelyInode.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The names that a generated program has made if every call succeeded that the rules of names let
 * succeed. Lack of space and of permission are not foreseen, so that a name may be missing.
 */
final class LikelyTree {
  private static final String LOST_FOUND = "lost+found";
  private static final int MOST_LINKS = 40;
  private static final int MOST_NAME = 255;
  private static final int MOST_PATH = 4000;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_APPEND = 02000;
  private static final int O_DIRECT = 040000;
  private static final int O_DIRECTORY = 0200000;
  private static final int O_NOFOLLOW = 0400000;
  private static final int TMPFILE = 020200000;

  private final LikelyInode root = LikelyInode.of(Kind.DIRECTORY);

  /** A place in a directory; without a name it is the directory itself. */
  private record Place(LikelyInode directory, String name, boolean slash) {
    @Nullable LikelyInode inode() {
      return name.isEmpty() ? directory : directory.entries().get(name);
    }

    boolean isFree() {
      return inode() == null && !directory.isImmutable();
    }

    /** Returns whether the entry can go, or be replaced. */
    boolean isLoose() {
      LikelyInode inode = inode();
      return inode != null
          && !name.isEmpty()
          && !inode.isPinned()
          && !directory.isPinned()
          && (!slash || inode.isDirectory());
    }

    void put(LikelyInode inode) {
      directory.entries().put(name, inode);
    }
  }

  /** A tree as the lines of an image's set-up leave it. */
  LikelyTree(List<ImageSetup> setup) {
    root.entries().put(LOST_FOUND, LikelyInode.of(Kind.DIRECTORY));
    for (ImageSetup line : setup) {
      String[] words = line.text().split(" ", -1);
      switch (line.kind()) {
        case FILE -> put(line.file().path(), LikelyInode.of(Kind.FILE));
        case DEBUGFS -> prepare(words);
        case DAMAGE -> {
          // The names stay, as far as they can be read.
        }
      }
    }
  }

  private void prepare(String[] words) {
    switch (words[0]) {
      case "mkdir" -> put(words[1], LikelyInode.of(Kind.DIRECTORY));
      case "mknod" -> put(words[1], LikelyInode.of(Kind.DEVICE));
      case "sif" -> {
        if (words[2].equals("flags")) {
          find(words[1], false).ifPresent(inode -> inode.setFlags(Long.decode(words[3])));
        }
      }
      default -> throw new IllegalArgumentException("unknown set-up: " + String.join(" ", words));
    }
  }

  private void put(String path, LikelyInode inode) {
    Place place = walk(path, false);
    if (place != null) {
      place.put(inode);
    }
  }

  /** Returns the inode of a path. */
  Optional<LikelyInode> find(String path, boolean follow) {
    Place place = walk(path, follow);
    return place == null ? Optional.empty() : Optional.ofNullable(place.inode());
  }

  /** Returns the paths of entries at every depth, without links on the way; not of lost+found. */
  List<String> paths(Predicate<LikelyInode> which) {
    List<String> paths = new ArrayList<>();
    collect("", root, which, paths);
    return paths;
  }

  private void collect(
      String prefix, LikelyInode directory, Predicate<LikelyInode> which, List<String> paths) {
    directory
        .entries()
        .forEach((name, inode) -> {
          String path = prefix + "/" + name;
          if (which.test(inode) && !path.equals("/" + LOST_FOUND)) {
            paths.add(path);
          }
          collect(path, inode, which, paths);
        });
  }

  /** Walks as path lookup does: the last component may be missing, and none before it. */
  private @Nullable Place walk(String path, boolean follow) {
    if (path.length() > MOST_PATH) {
      return null;
    }
    boolean slash = path.length() > 1 && path.endsWith("/");
    Deque<String> left = new ArrayDeque<>();
    push(left, path);
    Deque<LikelyInode> above = new ArrayDeque<>();
    LikelyInode at = root;
    int links = 0;
    while (!left.isEmpty()) {
      String name = left.pop();
      if (name.equals(".") || name.equals("..")) {
        at = name.equals("..") && !above.isEmpty() ? above.pop() : at;
        continue;
      }
      LikelyInode next = at.entries().get(name);
      boolean last = left.isEmpty();
      if (last && (next == null || !next.isSymlink() || !(follow || slash))) {
        return name.length() > MOST_NAME ? null : new Place(at, name, slash);
      }
      if (next == null) {
        return null;
      }
      if (next.isSymlink()) {
        if (++links > MOST_LINKS) {
          return null;
        }
        push(left, next.target());
      } else if (next.isDirectory()) {
        above.push(at);
        at = next;
      } else {
        return null;
      }
    }
    return new Place(at, "", slash);
  }

  private static void push(Deque<String> left, String path) {
    List<String> names = Arrays.asList(path.split("/+", -1));
    for (String name : names.reversed()) {
      if (!name.isEmpty()) {
        left.push(name);
      }
    }
  }

  /** Follows open(2): returns the inode that it opens or makes, if it succeeds. */
  Optional<LikelyInode> open(String path, int flags) {
    boolean makes = (flags & O_CREAT) != 0;
    boolean exclusive = makes && (flags & O_EXCL) != 0;
    if ((flags & TMPFILE) == TMPFILE) {
      return find(path, true)
          .filter(inode -> inode.isDirectory() && !makes && (flags & 3) != 0)
          .map(_ -> LikelyInode.of(Kind.FILE));
    }
    Place place = walk(path, !exclusive && (flags & O_NOFOLLOW) == 0);
    if (place == null) {
      return Optional.empty();
    }
    LikelyInode inode = place.inode();
    if (inode != null) {
      return exclusive || !opens(inode, flags) ? Optional.empty() : Optional.of(inode);
    }
    if (!makes || place.slash() || !place.isFree()) {
      return Optional.empty();
    }
    LikelyInode made = LikelyInode.of(Kind.FILE);
    place.put(made);
    return Optional.of(made);
  }

  private static boolean opens(LikelyInode inode, int flags) {
    boolean writes = (flags & (3 | O_TRUNC)) != 0;
    return switch (inode.kind()) {
      case DIRECTORY -> !writes && (flags & (O_CREAT | O_DIRECT)) == 0;
      case FILE ->
          (flags & O_DIRECTORY) == 0
              && !(writes && inode.isImmutable())
              && !(writes && inode.isPinned() && (flags & (O_APPEND | O_TRUNC)) != O_APPEND);
      case SYMLINK, DEVICE -> false;
    };
  }

  /** Follows a call on names; others change nothing. */
  void follow(Operation.Call call) {
    switch (call.syscall()) {
      case MKDIR -> make(call.text(0), LikelyInode.of(Kind.DIRECTORY));
      case SYMLINK -> make(call.text(1), LikelyInode.symlink(call.text(0)));
      case LINK ->
          find(call.text(0), false)
              .filter(inode -> !inode.isDirectory() && !inode.isPinned())
              .ifPresent(inode -> make(call.text(1), inode));
      case UNLINK -> remove(call.text(0), inode -> !inode.isDirectory());
      case RMDIR -> remove(call.text(0), LikelyInode::isEmptyDirectory);
      case RENAME -> rename(call.text(0), call.text(1), call.number(2));
      case SETXATTR -> changed(call).ifPresent(inode -> inode.attributes().add(call.text(1)));
      case REMOVEXATTR -> changed(call).ifPresent(inode -> inode.attributes().remove(call.text(1)));
      case SETFLAGS ->
          find(call.text(0), true)
              .filter(inode -> inode.kind() == Kind.FILE || inode.isDirectory())
              .ifPresent(inode -> inode.setFlags(call.number(1)));
      default -> {
        // Changes no name.
      }
    }
  }

  private Optional<LikelyInode> changed(Operation.Call call) {
    return find(call.text(0), false).filter(inode -> !inode.isPinned());
  }

  private void make(String path, LikelyInode inode) {
    Place place = walk(path, false);
    if (place != null && place.isFree() && (!place.slash() || inode.isDirectory())) {
      place.put(inode);
    }
  }

  private void remove(String path, Predicate<LikelyInode> which) {
    Place place = walk(path, false);
    if (place != null && place.isLoose() && which.test(Objects.requireNonNull(place.inode()))) {
      place.directory().entries().remove(place.name());
    }
  }

  private void rename(String from, String to, long flags) {
    Place old = walk(from, false);
    Place place = walk(to, false);
    if (old == null || place == null || (flags & ~1) != 0 || !old.isLoose()) {
      return;
    }
    LikelyInode moved = Objects.requireNonNull(old.inode());
    LikelyInode gone = place.inode();
    boolean fits =
        gone == null
            ? !place.directory().isImmutable()
            : flags == 0 && gone != moved && place.isLoose() && canReplace(moved, gone);
    boolean intoItself = moved.isDirectory() && moved.holds(place.directory());
    if (fits && !intoItself && (!place.slash() || moved.isDirectory())) {
      old.directory().entries().remove(old.name());
      place.put(moved);
    }
  }

  private static boolean canReplace(LikelyInode moved, LikelyInode gone) {
    return gone.isDirectory() == moved.isDirectory() && gone.entries().isEmpty();
  }
}
