// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static io.pmem4j.harness.backend.model.ModelProcess.result;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.PagePins;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Syscall;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The system calls of {@link Syscall}'s table that ext2-dax has. */
final class ModelCalls {
  private static final int LARGE_BYTES = 1 << 20;
  private static final int SEEK_END = 2;
  private static final int EXT2_SUPER_MAGIC = 0xef53;
  private static final int IOV_MAX = 1024;

  /** Calls of code that is mapped, and what the kernel alone counts. */
  private static final Set<Syscall> UNKNOWN =
      EnumSet.of(Syscall.CALL, Syscall.SMAPS, Syscall.VMSTAT);

  private final ModelProcess process;
  private final Operation.Call call;

  private ModelCalls(ModelProcess process, Operation.Call call) {
    this.process = process;
    this.call = call;
  }

  /** Returns whether a process of the model can make the call. */
  static boolean known(Syscall verb) {
    return !UNKNOWN.contains(verb);
  }

  static Outcome.Builder answer(ModelProcess process, Operation.Call call) throws Ext2Exception {
    return new ModelCalls(process, call).answer();
  }

  private Outcome.Builder answer() throws Ext2Exception {
    return switch (call.syscall()) {
      case MKDIR,
          RMDIR,
          LINK,
          SYMLINK,
          READLINK,
          RENAME,
          UNLINK,
          CHMOD,
          CHOWN,
          UTIMENS,
          ACCESS,
          SETXATTR,
          GETXATTR,
          LISTXATTR,
          REMOVEXATTR,
          GETFLAGS,
          SETFLAGS,
          GETRSVSZ,
          SETRSVSZ,
          STATX,
          LIST ->
          new ModelPaths(process, call).answer();
      case SYNC -> done(() -> process.promises().sync("sync"));
      case OPEN -> done(this::open);
      case CLOSE -> done(() -> process.close(text(0)));
      case PWRITE -> result(process.promises().pwrite(file(), number(1), data(2)));
      case PREAD -> pread(length(2));
      case FTRUNCATE -> done(() -> file().truncate(number(1)));
      case FSYNC -> done(() -> process.promises().fsync(file()));
      case FSTAT -> ModelPaths.stat(file().stat());
      case FIEMAP -> fiemap();
      case MMAP -> done(this::mmap);
      case MUNMAP ->
          done(() -> {
            memory().munmap(mapping(0));
            process.unmapped(text(0));
          });
      case LOAD -> access(at -> read(memory().load(at, number(1), length(2))));
      case STORE ->
          access(at -> {
            byte[] data = data(2);
            memory().store(at, number(1), data);
            return result(data.length);
          });
      case MSYNC -> process.promises().msync(memory(), mapping(0), number(1), number(2), length(3));
      case PAGEMAP ->
          result(0)
              .value("page", memory().pagemap(mapping(0), number(1)).toString().replace(' ', ':'));
      case PWRITEV -> pwritev();
      case PREADV -> preadv();
      case PWRITE_MAPPED ->
          result(file().pwrite(number(1), memory().buffer(mapping(2), number(3), length(4))));
      case PREAD_MAPPED ->
          result(file().pread(number(1), memory().buffer(mapping(2), number(3), length(4))));
      case SYNC_FILE_RANGE -> done(() -> file().syncFileRange(number(1), number(2), length(3)));
      case FALLOCATE -> done(() -> file().fallocate((int) number(1), number(2), number(3)));
      case LSEEK -> result(file().seek(number(1), length(2)));
      case FDATASYNC -> done(() -> process.promises().fdatasync(file(), file()::fdatasync));
      case SYNCFS ->
          done(() -> {
            file().stat();
            process.promises().sync("syncfs");
            file().checkFileSystem();
          });
      case FLOCK -> done(() -> file().flock(length(1)));
      case MADVISE -> done(() -> memory().madvise(mapping(0), number(1), number(2), length(3)));
      case MREMAP ->
          done(() -> process.moved(text(0), memory().mremap(mapping(0), number(1), length(2))));
      case MPROTECT -> done(() -> memory().mprotect(mapping(0), number(1), number(2), length(3)));
      case MINCORE -> mincore();
      case VM_READ -> {
        try (PagePins pins = pinned(length(2), false)) {
          yield read(pins.read());
        }
      }
      case VM_WRITE -> {
        try (PagePins pins = pinned(data(2).length, true)) {
          pins.write(data(2));
          yield result(data(2).length);
        }
      }
      case BECOME -> done(() -> process.become((int) number(0), (int) number(1)));
      case STATFS -> statfs();
      case FREEZE -> done(process.promises()::freeze);
      case THAW -> done(process.fs()::thaw);
      case FILL -> done(this::fill);
      case POISON -> poison();
      default -> throw new IllegalStateException("lacking, and yet run: " + call);
    };
  }

  private void open() throws Ext2Exception {
    OpenFile file = process.paths().open(ModelProcess.path(text(1)), length(2), length(3));
    process.promises().opened(text(1), file, length(2));
    process.opened(text(0), file);
  }

  private Outcome.Builder pread(int length) throws Ext2Exception {
    byte[] target = new byte[length];
    int count = Math.toIntExact(file().pread(number(1), target));
    return read(Arrays.copyOf(target, count));
  }

  private static Outcome.Builder read(byte[] data) {
    return result(data.length).value("data", OutcomeText.data(data));
  }

  private Outcome.Builder fiemap() throws Ext2Exception {
    List<Extent> extents = file().fiemap();
    return result(extents.size())
        .value(
            "extents",
            extents.stream()
                .map(e ->
                    OutcomeText.extent(
                        e.logicalBytes(), e.physicalBytes(), e.lengthBytes(), e.flags()))
                .collect(Collectors.joining(",")));
  }

  private void mmap() throws Ext2Exception {
    OpenFile file = process.file(text(1));
    long align = number(6) == 0 ? process.alignment() : number(6);
    Vma vma =
        memory()
            .mmap(
                file.mappable(),
                number(2),
                number(3),
                length(4),
                length(5),
                Math.max(align, Mmu.PAGE_BYTES));
    process.promises().mapped(vma, file);
    process.mapped(text(0), vma);
  }

  private interface Access {
    Outcome.Builder at(Vma mapping);
  }

  private Outcome.Builder access(Access access) {
    Vma vma = mapping(0);
    try {
      return access.at(vma);
    } catch (SignalException e) {
      return result(-1)
          .value(
              "signal",
              OutcomeText.signal(e.signo(), e.code(), text(0), e.address() - vma.start()));
    }
  }

  /** The calls that the operation core makes, so that both allocate alike. */
  private void fill() throws Ext2Exception {
    byte[] piece = new byte[LARGE_BYTES];
    Arrays.fill(piece, (byte) 'F');
    long at = file().seek(0, SEEK_END);
    while (true) {
      try {
        long written = file().pwrite(at, piece);
        at += written;
        if (written > 0) {
          continue;
        }
      } catch (Ext2Exception e) {
        if (e.errno() != Errno.ENOSPC) {
          throw e;
        }
      }
      if (piece.length == Mmu.PAGE_BYTES) {
        return;
      }
      piece = Arrays.copyOf(piece, Mmu.PAGE_BYTES);
    }
  }

  private Outcome.Builder poison() throws Ext2Exception {
    OpenFile file = file();
    long from = number(1);
    long to = from + number(2);
    if (from % Mmu.PAGE_BYTES != 0 || to % Mmu.PAGE_BYTES != 0 || to <= from) {
      throw new Ext2Exception(Errno.EINVAL, "poison: a range of whole pages is needed");
    }
    int marked = 0;
    for (Extent extent : file.fiemap()) {
      long end = Math.min(to, extent.logicalBytes() + extent.lengthBytes());
      for (long at = Math.max(from, extent.logicalBytes()); at < end; at += Mmu.PAGE_BYTES) {
        long address = extent.physicalBytes() + at - extent.logicalBytes();
        process.fs().markUnreadable(address / Mmu.PAGE_BYTES);
        marked++;
      }
    }
    return result(marked);
  }

  private Outcome.Builder pwritev() throws Ext2Exception {
    OpenFile file = file();
    requireVectors(data(3).length, number(2));
    return result(file.pwrite(number(1), data(3)));
  }

  private Outcome.Builder preadv() throws Ext2Exception {
    int length = length(2);
    // fdget comes before import_iovec.
    OpenFile _ = file();
    requireVectors(length, number(3));
    try {
      return pread(length);
    } catch (Ext2Exception e) {
      // do_iter_read asks the file only if there is something to read.
      if (length == 0 && e.errno() == Errno.EISDIR) {
        return result(0).value("data", "");
      }
      throw e;
    }
  }

  /** {@code import_iovec}: EINVAL before the file is asked. */
  private void requireVectors(long length, long piece) throws Ext2Exception {
    if (piece > 0 && Math.ceilDiv(length, piece) > IOV_MAX) {
      throw new Ext2Exception(
          Errno.EINVAL, Math.ceilDiv(length, piece) + " vectors, expected at most " + IOV_MAX);
    }
  }

  /** {@code get_user_pages}: EIO in the place of a signal. */
  private PagePins pinned(int bytes, boolean write) throws Ext2Exception {
    try {
      return memory().pin(mapping(0), number(1), bytes, write);
    } catch (SignalException e) {
      throw new Ext2Exception(Errno.EIO, "signal " + e.signo());
    }
  }

  private Outcome.Builder statfs() {
    FileSystemUse use = process.fs().use();
    return result(0)
        .value("type", EXT2_SUPER_MAGIC)
        .value("bsize", use.blockBytes())
        .value("blocks", use.blocks())
        .value("bfree", use.freeBlocks())
        .value("bavail", use.availableBlocks())
        .value("files", use.files())
        .value("ffree", use.freeFiles())
        .value("namelen", use.nameBytes());
  }

  private Outcome.Builder mincore() throws Ext2Exception {
    boolean[] there = memory().mincore(mapping(0), number(1), number(2));
    StringBuilder pages = new StringBuilder();
    for (boolean each : there) {
      pages.append(each ? 1 : 0);
    }
    return result(there.length).value("pages", pages);
  }

  private interface Action {
    void run() throws Ext2Exception;
  }

  private static Outcome.Builder done(Action action) throws Ext2Exception {
    action.run();
    return result(0);
  }

  private AddressSpace memory() {
    return process.memory();
  }

  private OpenFile file() throws Ext2Exception {
    return process.file(text(0));
  }

  private Vma mapping(int at) {
    return process.mapping(text(at));
  }

  private String text(int at) {
    return call.text(at);
  }

  private byte[] data(int at) {
    return call.data(at).toArray();
  }

  private long number(int at) {
    return call.number(at);
  }

  private int length(int at) {
    return Math.toIntExact(number(at));
  }
}
