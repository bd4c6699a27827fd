// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import io.pmem4j.harness.program.Operation.Effect;
import io.pmem4j.harness.program.Parameter.Kind;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * System calls that a program makes with {@link Operation.Call}: what they take, in the order of
 * the text and of the agent's arguments alike, and what their answer is. The agent's operation has
 * the same name.
 */
public enum Verb {
  /** mkdir(2). */
  MKDIR(Answer.RESULT, Effect.NONE, path(), mode()),
  /** rmdir(2). */
  RMDIR(Answer.RESULT, Effect.NONE, path()),
  /** link(2). */
  LINK(Answer.RESULT, Effect.NONE, path(), path()),
  /** symlink(2): where it leads to, its path. */
  SYMLINK(Answer.RESULT, Effect.NONE, word("target"), path()),
  /** readlink(2). */
  READLINK(Answer.TEXT, Effect.NONE, path()),
  /** renameat2(2). */
  RENAME(
      Answer.RESULT,
      Effect.NONE,
      path(),
      path(),
      options(Map.of("noreplace", 1, "exchange", 2, "whiteout", 4))),
  /** unlink(2). */
  UNLINK(Answer.RESULT, Effect.NONE, path()),
  /** chmod(2). */
  CHMOD(Answer.RESULT, Effect.NONE, path(), mode()),
  /** lchown(2); -1 leaves one alone. */
  CHOWN(Answer.RESULT, Effect.NONE, path(), number("uid"), number("gid")),
  /** utimensat(2): access and modification, seconds of the program's clock, now, or omit. */
  UTIMENS(Answer.RESULT, Effect.NONE, path(), time("access"), time("modification")),
  /** statx(2). */
  STATX(Answer.STAT, Effect.NONE, path()),
  /** faccessat(2) with the effective identity. */
  ACCESS(Answer.RESULT, Effect.NONE, path(), words(Map.of("f", 0, "x", 1, "w", 2, "r", 4))),
  /** getdents(2), to the end. */
  LIST(Answer.ENTRIES, Effect.NONE, path()),
  /** lsetxattr(2). */
  SETXATTR(
      Answer.RESULT,
      Effect.NONE,
      path(),
      word("name"),
      data(),
      options(Map.of("create", 1, "replace", 2))),
  /** lgetxattr(2). */
  GETXATTR(Answer.DATA, Effect.NONE, path(), word("name")),
  /** llistxattr(2). */
  LISTXATTR(Answer.NAMES, Effect.NONE, path()),
  /** lremovexattr(2). */
  REMOVEXATTR(Answer.RESULT, Effect.NONE, path(), word("name")),
  /** FS_IOC_GETFLAGS. */
  GETFLAGS(Answer.HEX, Effect.NONE, path()),
  /** FS_IOC_SETFLAGS. */
  SETFLAGS(Answer.RESULT, Effect.NONE, path(), number("flags")),
  /** pwritev(2): offset, bytes of each vector, data. */
  PWRITEV(Answer.RESULT, Effect.NONE, file(), number("offset"), number("piece"), data()),
  /** preadv(2): offset, length, bytes of each vector. */
  PREADV(Answer.DATA, Effect.NONE, file(), number("offset"), length("length"), number("piece")),
  /** pwrite(2) from a mapping: offset in the file, mapping, offset in it, length. */
  PWRITE_MAPPED(
      Answer.RESULT,
      Effect.NONE,
      file(),
      number("offset"),
      mapping(),
      number("offset"),
      number("length")),
  /** pread(2) into a mapping. */
  PREAD_MAPPED(
      Answer.RESULT,
      Effect.NONE,
      file(),
      number("offset"),
      mapping(),
      number("offset"),
      number("length")),
  /** sync_file_range(2). */
  SYNC_FILE_RANGE(
      Answer.RESULT,
      Effect.NONE,
      file(),
      number("offset"),
      number("length"),
      words(Map.of("before", 1, "write", 2, "after", 4))),
  /** fallocate(2): mode, offset, length. */
  FALLOCATE(Answer.RESULT, Effect.NONE, file(), number("mode"), number("offset"), number("length")),
  /** lseek(2). */
  LSEEK(
      Answer.RESULT,
      Effect.NONE,
      file(),
      number("offset"),
      words(Map.of("set", 0, "current", 1, "end", 2, "data", 3, "hole", 4))),
  /** fdatasync(2). */
  FDATASYNC(Answer.RESULT, Effect.NONE, file()),
  /** syncfs(2); the writeback is a worker's, whose events nobody reports. */
  SYNCFS(Answer.RESULT, Effect.NONE, file()),
  /** flock(2). */
  FLOCK(
      Answer.RESULT,
      Effect.NONE,
      file(),
      words(Map.of("shared", 1, "exclusive", 2, "nonblock", 4, "unlock", 8))),
  /** madvise(2). */
  MADVISE(
      Answer.RESULT,
      Effect.NONE,
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
      Effect.NONE,
      mapping(),
      number("length"),
      options(Map.of("maymove", 1, "fixed", 2))),
  /** mprotect(2). */
  MPROTECT(
      Answer.RESULT,
      Effect.NONE,
      mapping(),
      number("offset"),
      number("length"),
      words(Words.PROTECTIONS)),
  /** mincore(2). */
  MINCORE(Answer.PAGES, Effect.NONE, mapping(), number("offset"), number("length")),
  /** The paragraph of a mapping in /proc/self/smaps. */
  SMAPS(Answer.SMAPS, Effect.NONE, mapping()),
  /** Calls the code that lies in a mapping. */
  CALL(Answer.RESULT, Effect.OWN_PROCESS, mapping(), number("offset")),
  /** statfs(2) of the file system. */
  STATFS(Answer.STATFS, Effect.NONE, root()),
  /** FIFREEZE. */
  FREEZE(Answer.RESULT, Effect.MACHINE, root()),
  /** FITHAW. */
  THAW(Answer.RESULT, Effect.MACHINE, root()),
  /** pwrite(2) behind the end of a file until its file system has no block left. */
  FILL(Answer.RESULT, Effect.MACHINE, file()),
  /** setresuid(2) and setresgid(2); 0 0 leads back. */
  BECOME(Answer.RESULT, Effect.OWN_PROCESS, number("uid"), number("gid")),
  /** A counter of /proc/vmstat: by how much it has grown since it was asked for last. */
  VMSTAT(Answer.COUNTER, Effect.NONE, word("counter"));

  /** How an answer becomes an outcome. */
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
    /** Directory entries. */
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

  private static final Set<Verb> QUERIES =
      EnumSet.of(
          READLINK, STATX, ACCESS, LIST, GETXATTR, LISTXATTR, GETFLAGS, MINCORE, SMAPS, STATFS,
          VMSTAT);

  private final Answer answer;
  private final Effect effect;

  @SuppressWarnings("ImmutableEnumChecker") // List.of; the checker sees the interface alone
  private final List<Parameter> parameters;

  Verb(Answer answer, Effect effect, Parameter... parameters) {
    this.answer = answer;
    this.effect = effect;
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
  static Optional<Verb> of(String word) {
    return Arrays.stream(values()).filter(verb -> verb.toString().equals(word)).findFirst();
  }

  /** What its answer is. */
  public Answer answer() {
    return answer;
  }

  /** Whom it concerns. */
  public Effect effect() {
    return effect;
  }

  /** Returns whether the call changes nothing but access times. */
  public boolean onlyAsks() {
    return QUERIES.contains(this);
  }

  /** What it takes. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The word in a program. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
