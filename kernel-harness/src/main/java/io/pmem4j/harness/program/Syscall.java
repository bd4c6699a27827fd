// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import io.pmem4j.harness.program.Operation.Reach;
import io.pmem4j.harness.program.Parameter.Kind;
import io.pmem4j.harness.wire.WireCode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The table of system calls that a program makes with {@link Operation.Call}: the parameters, in
 * the order of the text and of the agent's arguments alike, and the answer. The row of {@code
 * wire.h} has the same name and the same number.
 */
public enum Syscall implements WireCode {
  /**
   * Writes back all dirty data: sync(2). It wakes every flusher thread and waits only for the
   * writeback that it queues itself (fs/sync.c, {@code wakeup_flusher_threads}), so more may be
   * written after its return. On kernel {@code series} the flusher sometimes wrote a name that was
   * created after the return; after syncfs(2), which wakes no flusher, it never did. So a name that
   * a later {@link Operation.PowerCut} shall lose must not follow a sync.
   */
  SYNC(12),
  /** open(2) of a path below the root of the file system. */
  OPEN(
      20,
      file(Kind.NEW_FILE),
      path(),
      Parameter.of(Kind.OPEN_FLAGS, "flag"),
      Parameter.of(Kind.OPEN_MODE, "mode")),
  /** Closes a file: close(2). */
  CLOSE(21, file(Kind.GONE_FILE)),
  /** Writes at an offset: pwrite(2). */
  PWRITE(22, file(), number("offset"), data()),
  /** Reads at an offset: pread(2). */
  PREAD(23, Answer.DATA, file(), number("offset"), length("length")),
  /** Sets the size of a file: ftruncate(2). */
  FTRUNCATE(24, file(), number("size")),
  /** Makes a file durable: fsync(2). */
  FSYNC(25, file()),
  /** fstat(2), and the generation. */
  FSTAT(26, Answer.STAT, file()),
  /** FIEMAP of the whole file. */
  FIEMAP(27, Answer.EXTENTS, file()),
  /** Maps a range of a file: mmap(2). */
  MMAP(
      28,
      Answer.ADDRESS,
      mapping(Kind.NEW_MAPPING),
      file(),
      number("offset"),
      number("length"),
      choice("protection", Parameter.PROTECTIONS),
      flags("mapping flag", "shared=1 private=2 validate=3 sync=0x80000"),
      Parameter.of(Kind.ALIGNMENT, "alignment")),
  /** munmap(2) of a whole mapping. */
  MUNMAP(29, mapping(Kind.GONE_MAPPING)),
  /** Loads bytes through a mapping. */
  LOAD(30, Answer.DATA, mapping(), number("offset"), length("length")),
  /** Stores bytes through a mapping. */
  STORE(31, mapping(), number("offset"), data()),
  /** Writes back a range of a mapping: msync(2). */
  MSYNC(
      32,
      mapping(),
      number("offset"),
      number("length"),
      flags("msync flag", "async=1 invalidate=2 sync=4")),
  /** Reads the page table at an offset of a mapping. */
  PAGEMAP(33, Answer.PAGE, mapping(), number("offset")),
  /** Makes a directory: mkdir(2). */
  MKDIR(50, path(), mode()),
  /** Removes a directory: rmdir(2). */
  RMDIR(51, path()),
  /** Makes a hard link: link(2). */
  LINK(52, path(), path()),
  /** symlink(2): where it leads to, its path. */
  SYMLINK(53, word("target"), path()),
  /** Reads a symbolic link: readlink(2). */
  READLINK(54, Answer.TEXT, path()),
  /** Renames a path: renameat2(2). */
  RENAME(55, path(), path(), options("noreplace=1 exchange=2 whiteout=4")),
  /** Removes a name: unlink(2). */
  UNLINK(56, path()),
  /** Sets the mode: chmod(2). */
  CHMOD(57, path(), mode()),
  /** lchown(2); -1 leaves one alone. */
  CHOWN(58, path(), number("uid"), number("gid")),
  /** utimensat(2): access and modification, seconds of the program's clock, now, or omit. */
  UTIMENS(59, path(), time("access"), time("modification")),
  /** Reads the attributes of a path: statx(2). */
  STATX(60, Answer.STATX, path()),
  /** faccessat(2) with the effective identity. */
  ACCESS(61, path(), flags("flag", "f=0 x=1 w=2 r=4")),
  /** getdents(2), to the end. */
  LIST(62, Answer.ENTRIES, path()),
  /** Sets an extended attribute: lsetxattr(2). */
  SETXATTR(63, path(), word("name"), data(), options("create=1 replace=2")),
  /** Reads an extended attribute: lgetxattr(2). */
  GETXATTR(64, Answer.DATA, path(), word("name")),
  /** Lists extended attributes: llistxattr(2). */
  LISTXATTR(65, Answer.NAMES, path()),
  /** Removes an extended attribute: lremovexattr(2). */
  REMOVEXATTR(66, path(), word("name")),
  /** Reads the inode flags: FS_IOC_GETFLAGS. */
  GETFLAGS(67, Answer.HEX, path()),
  /** Sets the inode flags: FS_IOC_SETFLAGS. */
  SETFLAGS(68, path(), number("flags")),
  /** Reads the size of a file's reservation window, in blocks: EXT2_IOC_GETRSVSZ. */
  GETRSVSZ(94, path()),
  /** Sets the size of a file's next reservation window: EXT2_IOC_SETRSVSZ. */
  SETRSVSZ(95, path(), number("blocks")),
  /** pwritev(2): offset, bytes of each vector, data. */
  PWRITEV(69, file(), number("offset"), number("piece"), data()),
  /** preadv(2): offset, length, bytes of each vector. */
  PREADV(70, Answer.DATA, file(), number("offset"), length("length"), number("piece")),
  /** pwrite(2) from a mapping: offset in the file, mapping, offset in it, length. */
  PWRITE_MAPPED(71, file(), number("offset"), mapping(), number("offset"), number("length")),
  /** pread(2) into a mapping. */
  PREAD_MAPPED(72, file(), number("offset"), mapping(), number("offset"), number("length")),
  /** Writes back a range: sync_file_range(2). */
  SYNC_FILE_RANGE(
      73, file(), number("offset"), number("length"), flags("flag", "before=1 write=2 after=4")),
  /** fallocate(2): mode, offset, length. */
  FALLOCATE(74, file(), number("mode"), number("offset"), number("length")),
  /** Moves the file position: lseek(2). */
  LSEEK(75, file(), number("offset"), flags("flag", "set=0 current=1 end=2 data=3 hole=4")),
  /** Makes the data of a file durable: fdatasync(2). */
  FDATASYNC(76, file()),
  /**
   * Makes the file system durable: syncfs(2). A worker does the writeback, so its events are not
   * reported.
   */
  SYNCFS(77, file()),
  /** Locks or unlocks a file: flock(2). */
  FLOCK(78, file(), flags("flag", "shared=1 exclusive=2 nonblock=4 unlock=8")),
  /** Advises the kernel about a range of a mapping: madvise(2). */
  MADVISE(
      79,
      mapping(),
      number("offset"),
      number("length"),
      flags(
          "flag",
          "normal=0 random=1 sequential=2 willneed=3 dontneed=4 free=8 remove=9 hugepage=14 nohugepage=15")),
  /** mremap(2) of a whole mapping: the new length; fixed, to another place. */
  MREMAP(80, Answer.ADDRESS, mapping(), number("length"), options("maymove=1 fixed=2")),
  /** Changes the protection of a range: mprotect(2). */
  MPROTECT(81, mapping(), number("offset"), number("length"), flags("flag", Parameter.PROTECTIONS)),
  /** Reads which pages are in memory: mincore(2). */
  MINCORE(82, Answer.PAGES, mapping(), number("offset"), number("length")),
  /** Reads pages of a mapping as a device does, through pinned pages: /proc/self/mem. */
  VM_READ(100, Answer.DATA, mapping(), number("offset"), length("length")),
  /** Stores to pages of a mapping as a device does. */
  VM_WRITE(101, mapping(), number("offset"), data()),
  /** The paragraph of a mapping in /proc/self/smaps. */
  SMAPS(83, Answer.SMAPS, mapping()),
  /** Calls the code that lies in a mapping. */
  CALL(84, Reach.PROCESS, mapping(), number("offset")),
  /** statfs(2) of the file system. */
  STATFS(85, Answer.STATFS, root()),
  /** Freezes the file system: FIFREEZE. */
  FREEZE(86, Reach.FILE_SYSTEM, root()),
  /** Thaws the file system: FITHAW. */
  THAW(87, Reach.FILE_SYSTEM, root()),
  /** Appends to a file by pwrite(2) until its file system has no block left. */
  FILL(90, Reach.FILE_SYSTEM, file()),
  /**
   * Marks the blocks of a range as unreadable, by the badblocks of the disk; the result is their
   * number. They stay so until the program ends, or cuts the power.
   */
  POISON(93, Reach.KERNEL, file(), number("offset"), number("length")),
  /** setresuid(2) and setresgid(2); 0 0 leads back. */
  BECOME(88, Reach.PROCESS, number("uid"), number("gid")),
  /** A counter of /proc/vmstat: by how much it has grown since it was asked for last. */
  VMSTAT(89, Answer.COUNTER, word("counter"));

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
    /** A stat record. */
    STAT,
    /** A stat record and attributes. */
    STATX,
    /** Records of extents. */
    EXTENTS,
    /** An entry of the page table. */
    PAGE,
    /** Entries of a directory. */
    ENTRIES,
    /** A record of statfs. */
    STATFS,
    /** The place of a mapping. */
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
          READLINK, STATX, ACCESS, LIST, GETXATTR, LISTXATTR, GETFLAGS, GETRSVSZ, MINCORE, SMAPS,
          STATFS, VMSTAT);

  private final int code;
  private final Answer answer;
  private final Reach reach;

  @SuppressWarnings("ImmutableEnumChecker") // List.of; the checker sees the interface alone
  private final List<Parameter> parameters;

  Syscall(int code, Parameter... parameters) {
    this(code, Answer.RESULT, Reach.NONE, parameters);
  }

  Syscall(int code, Answer answer, Parameter... parameters) {
    this(code, answer, Reach.NONE, parameters);
  }

  Syscall(int code, Reach reach, Parameter... parameters) {
    this(code, Answer.RESULT, reach, parameters);
  }

  Syscall(int code, Answer answer, Reach reach, Parameter... parameters) {
    this.code = code;
    this.answer = answer;
    this.reach = reach;
    this.parameters = List.of(parameters);
  }

  private static Parameter path() {
    return Parameter.of(Kind.PATH, "path");
  }

  private static Parameter root() {
    return Parameter.of(Kind.ROOT, "root");
  }

  private static Parameter word(String what) {
    return Parameter.of(Kind.WORD, what);
  }

  private static Parameter file() {
    return file(Kind.FILE);
  }

  private static Parameter file(Kind kind) {
    return Parameter.of(kind, "file");
  }

  private static Parameter mapping() {
    return mapping(Kind.MAPPING);
  }

  private static Parameter mapping(Kind kind) {
    return Parameter.of(kind, "mapping");
  }

  private static Parameter number(String what) {
    return Parameter.of(Kind.NUMBER, what);
  }

  private static Parameter length(String what) {
    return Parameter.of(Kind.LENGTH, what);
  }

  private static Parameter mode() {
    return Parameter.of(Kind.MODE, "mode");
  }

  private static Parameter time(String what) {
    return Parameter.of(Kind.TIME, what);
  }

  private static Parameter data() {
    return Parameter.of(Kind.DATA, "data");
  }

  private static Parameter choice(String what, String words) {
    return Parameter.ofWords(Kind.CHOICE, what, words);
  }

  private static Parameter flags(String what, String words) {
    return Parameter.ofWords(Kind.WORDS, what, words);
  }

  private static Parameter options(String words) {
    return Parameter.ofWords(Kind.OPTIONS, "flag", words);
  }

  /** The verb of this word, as in {@code sync-file-range}. */
  static Optional<Syscall> of(String word) {
    return Arrays.stream(values()).filter(syscall -> syscall.toString().equals(word)).findFirst();
  }

  @Override
  public int code() {
    return code;
  }

  @Override
  public int argumentCount() {
    return (int) parameters.stream().filter(each -> !each.kind().isText()).count();
  }

  /** Returns the call with these arguments: texts, numbers or {@link Bytes}, as its parameters. */
  public Operation.Call of(Object... arguments) {
    return new Operation.Call(this, Arrays.stream(arguments).map(Parameter::value).toList());
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
