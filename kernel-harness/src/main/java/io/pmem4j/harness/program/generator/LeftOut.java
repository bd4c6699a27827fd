// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The kinds that {@link ProgramGenerator} leaves out, and why. Reports print them. */
public final class LeftOut {
  /**
   * System calls that ext2-dax does not have, {@code poison}, and those of devices, which explored
   * programs make.
   */
  public static final Set<Syscall> VERBS =
      EnumSet.of(
          Syscall.SMAPS,
          Syscall.CALL,
          Syscall.BECOME,
          Syscall.VMSTAT,
          Syscall.VM_READ,
          Syscall.VM_WRITE,
          Syscall.POISON);

  /** MAP_SHARED and MAP_SYNC without MAP_SHARED_VALIDATE. */
  private static final long SHARED_SYNC = 0x80001;

  /** O_APPEND and O_DIRECT. */
  private static final long DIRECT_APPEND = 02000 | 040000;

  private LeftOut() {}

  /**
   * Returns whether a kernel with PMD faults can run a generated program: only one that never moves
   * a mapping.
   */
  public static boolean staysInPlace(Program program) {
    return program.steps().stream().noneMatch(step -> step.operation().isCall(Syscall.MREMAP));
  }

  /** Returns whether a program has no mapping with MAP_SHARED and MAP_SYNC, which 6.12 hangs on. */
  public static boolean mapsWithoutSync(Program program) {
    return program.steps().stream().noneMatch(step -> isSharedSync(step.operation()));
  }

  /** Returns whether a program never freezes, which the posted order inverts against evictions. */
  public static boolean freezesNothing(Program program) {
    return program.steps().stream().noneMatch(step -> step.operation().isCall(Syscall.FREEZE));
  }

  /**
   * Returns whether no file of a program is open with O_APPEND and O_DIRECT. Such a write that
   * fails leaves blocks past EOF since Linux 6.6, which e2fsck finds: {@code ext2_dio_write_iter}
   * remembers the position that was asked for, and truncates by that.
   */
  public static boolean appendsThroughTheCache(Program program) {
    return program.steps().stream()
        .noneMatch(step ->
            step.operation().withoutChild() instanceof Operation.Call call
                && call.syscall() == Syscall.OPEN
                && (call.number(2) & DIRECT_APPEND) == DIRECT_APPEND);
  }

  private static boolean isSharedSync(Operation operation) {
    return operation.withoutChild() instanceof Operation.Call call
        && call.syscall() == Syscall.MMAP
        && call.number(5) == SHARED_SYNC;
  }

  /** Returns one line for each kind. */
  public static List<String> kinds() {
    return List.of(
        "verbs that ext2-dax lacks, and those of devices and of the medium: "
            + String.join(", ", VERBS.stream().map(Syscall::toString).toList())
            + "; remount, mounted, lockdep, power-cut, mappings of code, blocks below 4096 bytes",
        "names, links and attributes on damaged file systems, and symbolic links out of the mount",
        "become: what a process may do with files that are open depends on who it was",
        "poison: what is freed while it is unreadable may become a structure, which ext2-dax goes on reading",
        "open with creat and directory: Linux 5.10 creates a regular file and then refuses it",
        "park, begin, arrive, release, blocked and await: schedules are emitted by explore",
        "writes to a frozen file system and flock without nonblock: they wait for ever",
        "fiemap of files that may be larger than 64 MiB: Linux 5.10 visits every block of a hole",
        "fill of images larger than 8 MiB: minutes for programs by the thousand",
        "copies between the same pages of a file and of a mapping that may show it: an overlap ends as"
            + " the CPU copies it",
        "damaged file systems with errors=remount-ro: Linux never writes what was dirty by then",
        "bitmaps that mark cached metadata as free, or blocks of files, which may become metadata: files"
            + " overwrite it past the buffer cache",
        "named pipes: open waits for the other end",
        "several vectors with O_DIRECT: the model knows no alignment of each",
        "data pointers past the end of the device: Linux answers EFAULT, ext2-dax EIO",
        "pointers into metadata: DAX writes past the buffer cache that holds the block",
        "on kernels with faults of 2 MiB, programs with mremap: where it moves to decides which"
            + " faults are tried",
        "without DAX on 6.12, O_APPEND with O_DIRECT: a write that fails leaves blocks past EOF, which"
            + " e2fsck finds (ext2_dio_write_iter; program nodax-direct-append)",
        "without DAX, readahead and fault-around: they are off in the guest, and ext2-dax has neither",
        "accesses outside of a mapping: what lies there depends on the process that runs them");
  }
}
