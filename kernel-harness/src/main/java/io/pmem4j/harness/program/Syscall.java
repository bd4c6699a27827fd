// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import io.pmem4j.harness.program.Operation.Reach;
import io.pmem4j.harness.program.Parameter.Kind;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The table of system calls that a program makes with {@link Operation.Call}: the parameters, in
 * the order of the text and of the agent's arguments alike, and the answer. The agent's operation
 * has the same name.
 */
public enum Syscall {
  /** Makes a directory: mkdir(2). */
  MKDIR(Answer.RESULT, Reach.NONE, path(), mode()),
  /** Removes a directory: rmdir(2). */
  RMDIR(Answer.RESULT, Reach.NONE, path()),
  /** Makes a hard link: link(2). */
  LINK(Answer.RESULT, Reach.NONE, path(), path()),
  /** symlink(2): where it leads to, its path. */
  SYMLINK(Answer.RESULT, Reach.NONE, word("target"), path()),
  /** Reads a symbolic link: readlink(2). */
  READLINK(Answer.TEXT, Reach.NONE, path()),
  /** Renames a path: renameat2(2). */
  RENAME(
      Answer.RESULT,
      Reach.NONE,
      path(),
      path(),
      options(Map.of("noreplace", 1, "exchange", 2, "whiteout", 4))),
  /** Removes a name: unlink(2). */
  UNLINK(Answer.RESULT, Reach.NONE, path()),
  /** Sets the mode: chmod(2). */
  CHMOD(Answer.RESULT, Reach.NONE, path(), mode()),
  /** lchown(2); -1 leaves one alone. */
  CHOWN(Answer.RESULT, Reach.NONE, path(), number("uid"), number("gid")),
  /** utimensat(2): access and modification, seconds of the program's clock, now, or omit. */
  UTIMENS(Answer.RESULT, Reach.NONE, path(), time("access"), time("modification")),
  /** Reads the attributes of a path: statx(2). */
  STATX(Answer.STAT, Reach.NONE, path()),
  /** faccessat(2) with the effective identity. */
  ACCESS(Answer.RESULT, Reach.NONE, path(), words(Map.of("f", 0, "x", 1, "w", 2, "r", 4))),
  /** getdents(2), to the end. */
  LIST(Answer.ENTRIES, Reach.NONE, path()),
  /** Sets an extended attribute: lsetxattr(2). */
  SETXATTR(
      Answer.RESULT,
      Reach.NONE,
      path(),
      word("name"),
      data(),
      options(Map.of("create", 1, "replace", 2))),
  /** Reads an extended attribute: lgetxattr(2). */
  GETXATTR(Answer.DATA, Reach.NONE, path(), word("name")),
  /** Lists extended attributes: llistxattr(2). */
  LISTXATTR(Answer.NAMES, Reach.NONE, path()),
  /** Removes an extended attribute: lremovexattr(2). */
  REMOVEXATTR(Answer.RESULT, Reach.NONE, path(), word("name")),
  /** Reads the inode flags: FS_IOC_GETFLAGS. */
  GETFLAGS(Answer.HEX, Reach.NONE, path()),
  /** Sets the inode flags: FS_IOC_SETFLAGS. */
  SETFLAGS(Answer.RESULT, Reach.NONE, path(), number("flags")),
  /** pwritev(2): offset, bytes of each vector, data. */
  PWRITEV(Answer.RESULT, Reach.NONE, file(), number("offset"), number("piece"), data()),
  /** preadv(2): offset, length, bytes of each vector. */
  PREADV(Answer.DATA, Reach.NONE, file(), number("offset"), length("length"), number("piece")),
  /** pwrite(2) from a mapping: offset in the file, mapping, offset in it, length. */
  PWRITE_MAPPED(
      Answer.RESULT,
      Reach.NONE,
      file(),
      number("offset"),
      mapping(),
      number("offset"),
      number("length")),
  /** pread(2) into a mapping. */
  PREAD_MAPPED(
      Answer.RESULT,
      Reach.NONE,
      file(),
      number("offset"),
      mapping(),
      number("offset"),
      number("length")),
  /** Writes back a range: sync_file_range(2). */
  SYNC_FILE_RANGE(
      Answer.RESULT,
      Reach.NONE,
      file(),
      number("offset"),
      number("length"),
      words(Map.of("before", 1, "write", 2, "after", 4))),
  /** fallocate(2): mode, offset, length. */
  FALLOCATE(Answer.RESULT, Reach.NONE, file(), number("mode"), number("offset"), number("length")),
  /** Moves the file position: lseek(2). */
  LSEEK(
      Answer.RESULT,
      Reach.NONE,
      file(),
      number("offset"),
      words(Map.of("set", 0, "current", 1, "end", 2, "data", 3, "hole", 4))),
  /** Makes the data of a file durable: fdatasync(2). */
  FDATASYNC(Answer.RESULT, Reach.NONE, file()),
  /**
   * Makes the file system durable: syncfs(2). A worker does the writeback, so its events are not
   * reported.
   */
  SYNCFS(Answer.RESULT, Reach.NONE, file()),
  /** Locks or unlocks a file: flock(2). */
  FLOCK(
      Answer.RESULT,
      Reach.NONE,
      file(),
      words(Map.of("shared", 1, "exclusive", 2, "nonblock", 4, "unlock", 8))),
  /** Advises the kernel about a range of a mapping: madvise(2). */
  MADVISE(
      Answer.RESULT,
      Reach.NONE,
      mapping(),
      number("offset"),
      number("length"),
      words(
          Map.of(
              "normal",
              0,
              "random",
              1,
              "sequential",
              2,
              "willneed",
              3,
              "dontneed",
              4,
              "free",
              8,
              "remove",
              9,
              "hugepage",
              14,
              "nohugepage",
              15))),
  /** mremap(2) of a whole mapping: the new length; fixed, to another place. */
  MREMAP(
      Answer.ADDRESS,
      Reach.NONE,
      mapping(),
      number("length"),
      options(Map.of("maymove", 1, "fixed", 2))),
  /** Changes the protection of a range: mprotect(2). */
  MPROTECT(
      Answer.RESULT,
      Reach.NONE,
      mapping(),
      number("offset"),
      number("length"),
      words(LineScanner.PROTECTIONS)),
  /** Reads which pages are in memory: mincore(2). */
  MINCORE(Answer.PAGES, Reach.NONE, mapping(), number("offset"), number("length")),
  /** Reads pages of a mapping as a device does, through pinned pages: /proc/self/mem. */
  VM_READ(Answer.DATA, Reach.NONE, mapping(), number("offset"), length("length")),
  /** Stores to pages of a mapping as a device does. */
  VM_WRITE(Answer.RESULT, Reach.NONE, mapping(), number("offset"), data()),
  /** The paragraph of a mapping in /proc/self/smaps. */
  SMAPS(Answer.SMAPS, Reach.NONE, mapping()),
  /** Calls the code that lies in a mapping. */
  CALL(Answer.RESULT, Reach.PROCESS, mapping(), number("offset")),
  /** statfs(2) of the file system. */
  STATFS(Answer.STATFS, Reach.NONE, root()),
  /** Freezes the file system: FIFREEZE. */
  FREEZE(Answer.RESULT, Reach.FILE_SYSTEM, root()),
  /** Thaws the file system: FITHAW. */
  THAW(Answer.RESULT, Reach.FILE_SYSTEM, root()),
  /** Appends to a file by pwrite(2) until its file system has no block left. */
  FILL(Answer.RESULT, Reach.FILE_SYSTEM, file()),
  /**
   * Marks the blocks of a range as unreadable, by the badblocks of the disk; the result is their
   * number. They stay so until the program ends, or cuts the power.
   */
  POISON(Answer.RESULT, Reach.KERNEL, file(), number("offset"), number("length")),
  /** setresuid(2) and setresgid(2); 0 0 leads back. */
  BECOME(Answer.RESULT, Reach.PROCESS, number("uid"), number("gid")),
  /** A counter of /proc/vmstat: by how much it has grown since it was asked for last. */
  VMSTAT(Answer.COUNTER, Reach.NONE, word("counter"));

  /** The conversion of an answer to an outcome. */
  public enum Answer {
    /** The result alone. */
    RESULT,
    /** Bytes, as a load's. */
    DATA,
    /** Bytes that are text. */
    TEXT,
    /** Names, each ended by NUL. */
    NAMES,
    /** A result that is flags. */
    HEX,
    /** A stat record and attributes. */
    STAT,
    /** Entries of a directory. */
    ENTRIES,
    /** A record of statfs. */
    STATFS,
    /** The mapping's new place. */
    ADDRESS,
    /** A byte a page. */
    PAGES,
    /** Lines of smaps. */
    SMAPS,
    /** A result that only grows. */
    COUNTER
  }

  private static final Set<Syscall> QUERIES =
      EnumSet.of(
          READLINK, STATX, ACCESS, LIST, GETXATTR, LISTXATTR, GETFLAGS, MINCORE, SMAPS, STATFS,
          VMSTAT);

  private final Answer answer;
  private final Reach reach;

  @SuppressWarnings("ImmutableEnumChecker") // List.of; the checker sees the interface alone
  private final List<Parameter> parameters;

  Syscall(Answer answer, Reach reach, Parameter... parameters) {
    this.answer = answer;
    this.reach = reach;
    this.parameters = List.of(parameters);
  }

  private static Parameter path() {
    return new Parameter(Kind.PATH, "path", Map.of());
  }

  private static Parameter root() {
    return new Parameter(Kind.ROOT, "root", Map.of());
  }

  private static Parameter word(String what) {
    return new Parameter(Kind.WORD, what, Map.of());
  }

  private static Parameter file() {
    return new Parameter(Kind.FILE, "file", Map.of());
  }

  private static Parameter mapping() {
    return new Parameter(Kind.MAPPING, "mapping", Map.of());
  }

  private static Parameter number(String what) {
    return new Parameter(Kind.NUMBER, what, Map.of());
  }

  private static Parameter length(String what) {
    return new Parameter(Kind.LENGTH, what, Map.of());
  }

  private static Parameter mode() {
    return new Parameter(Kind.MODE, "mode", Map.of());
  }

  private static Parameter time(String what) {
    return new Parameter(Kind.TIME, what, Map.of());
  }

  private static Parameter data() {
    return new Parameter(Kind.DATA, "data", Map.of());
  }

  private static Parameter words(Map<String, Integer> words) {
    return new Parameter(Kind.WORDS, "flag", words);
  }

  private static Parameter options(Map<String, Integer> words) {
    return new Parameter(Kind.OPTIONS, "flag", words);
  }

  /** The verb of this word, as in {@code sync-file-range}. */
  static Optional<Syscall> of(String word) {
    return Arrays.stream(values()).filter(syscall -> syscall.toString().equals(word)).findFirst();
  }

  /** Returns the kind of its answer. */
  public Answer answer() {
    return answer;
  }

  /** Returns its reach beyond the files that it names. */
  public Reach reach() {
    return reach;
  }

  /** Returns whether the call is a query: it changes nothing but access times. */
  public boolean onlyAsks() {
    return QUERIES.contains(this);
  }

  /** Returns its parameters in their order. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The word in a program. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
