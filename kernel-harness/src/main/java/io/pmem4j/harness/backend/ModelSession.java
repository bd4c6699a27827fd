// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Step;
import io.pmem4j.harness.program.Verb;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** A program on ext2-dax: one process with one address space. */
final class ModelSession implements Session {
  private static final int PROT_EXEC = 4;

  private final Ext2FileSystem fs;
  private final AtomicLong clock;
  private final FsImage image;
  private final Arena arena;
  private final long alignment;
  private final AddressSpace memory;
  private final Map<String, OpenFile> files = new HashMap<>();
  private final Map<String, Vma> mappings = new HashMap<>();

  /** An operation on a mapping that mmap(2) refused to make; the rest of the program still runs. */
  private static final class NoMapping extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  ModelSession(Ext2FileSystem fs, AtomicLong clock, FsImage image, Arena arena, long alignment) {
    this.alignment = alignment;
    this.fs = fs;
    this.clock = clock;
    this.image = image;
    this.arena = arena;
    this.memory = fs.newAddressSpace();
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    fs.trace().drain();
    Outcome.Builder outcome;
    try {
      outcome = answer(operation);
    } catch (Ext2Exception e) {
      outcome = Texts.failed(e.errno().name());
    } catch (NoMapping e) {
      outcome = new Outcome.Builder().value("result", "none");
    } catch (RuntimeException e) {
      throw BackendException.modelBroke("model: " + e, e);
    }
    // The kernel's sync(2) writes back in a worker, whose events the agent does not report.
    List<String> events =
        operation instanceof Operation.Sync
            ? List.of()
            : fs.trace().drain().stream().map(Object::toString).toList();
    if (!fs.errors().isEmpty()) {
      throw BackendException.modelBroke("model: file-system error: " + fs.errors(), null);
    }
    return outcome.events(events).build();
  }

  private Outcome.Builder answer(Operation operation) throws Ext2Exception {
    return switch (operation) {
      case Operation.Open open -> {
        files.put(open.file(), fs.open(open.path(), open.flags(), open.mode()));
        yield result(0);
      }
      case Operation.Close close -> {
        file(close.file()).close();
        files.remove(close.file());
        yield result(0);
      }
      case Operation.Pwrite write ->
          result(file(write.file()).pwrite(write.offset(), write.data().toArray()));
      case Operation.Pread read -> {
        byte[] target = new byte[read.length()];
        int count = Math.toIntExact(file(read.file()).pread(read.offset(), target));
        yield result(count).value("data", Texts.data(Arrays.copyOf(target, count)));
      }
      case Operation.Ftruncate truncate -> {
        file(truncate.file()).truncate(truncate.size());
        yield result(0);
      }
      case Operation.Fsync sync -> {
        file(sync.file()).fsync();
        yield result(0);
      }
      case Operation.Fstat stat -> stat(file(stat.file()).stat());
      case Operation.Fiemap fiemap -> {
        List<Extent> extents = file(fiemap.file()).fiemap();
        yield result(extents.size())
            .value(
                "extents",
                extents.stream()
                    .map(e ->
                        Texts.extent(
                            e.logicalBytes(), e.physicalBytes(), e.lengthBytes(), e.flags()))
                    .collect(Collectors.joining(",")));
      }
      case Operation.Mmap map -> {
        mappings.put(
            map.mapping(),
            memory.mmap(
                file(map.file()).mappable(),
                map.offset(),
                map.length(),
                map.prot(),
                map.flags(),
                Math.max(map.align() == 0 ? alignment : map.align(), Mmu.PAGE_BYTES)));
        yield result(0);
      }
      case Operation.Munmap unmap -> {
        memory.munmap(mapping(unmap.mapping()));
        mappings.remove(unmap.mapping());
        yield result(0);
      }
      case Operation.Load load -> load(load);
      case Operation.Store store -> store(store);
      case Operation.Msync sync ->
          result(memory.msync(mapping(sync.mapping()), sync.offset(), sync.length(), sync.flags()));
      case Operation.Pagemap pagemap ->
          result(0)
              .value(
                  "page",
                  memory
                      .pagemap(mapping(pagemap.mapping()), pagemap.offset())
                      .toString()
                      .replace(' ', ':'));
      case Operation.Sync _ -> {
        fs.sync();
        yield result(0);
      }
      case Operation.Call call -> {
        fs.unlink(((Parameter.Name) call.arguments().getFirst()).text());
        yield result(0);
      }
      case Operation.Fork _,
          Operation.In _,
          Operation.Exit _,
          Operation.Remount _,
          Operation.Mounted _,
          Operation.Lockdep _,
          Operation.PowerCut _ ->
          throw new IllegalStateException("lacking, and yet run: " + operation);
      case Operation.Clock forward -> {
        clock.addAndGet(forward.seconds());
        yield result(0);
      }
    };
  }

  /** What the model does not have that a program needs; empty when it can run it. */
  static Optional<String> lacks(Program program) {
    if (program.image().blockBytes() != Mmu.PAGE_BYTES) {
      return Optional.of("file systems without DAX");
    }
    return program.steps().stream()
        .map(Step::operation)
        .flatMap(operation -> lacks(operation).stream())
        .findFirst();
  }

  private static Optional<String> lacks(Operation operation) {
    return switch (operation) {
      case Operation.Call call when call.verb() == Verb.UNLINK -> Optional.empty();
      case Operation.Call call -> Optional.of(call.verb().toString());
      case Operation.Mmap map when (map.prot() & PROT_EXEC) != 0 -> Optional.of("mappings of code");
      case Operation.Fork _, Operation.In _, Operation.Exit _ -> Optional.of("fork");
      case Operation.Remount _, Operation.Mounted _ -> Optional.of("remount");
      case Operation.Lockdep _ -> Optional.of("the kernel's lockdep");
      case Operation.PowerCut _ -> Optional.of("power cuts");
      default -> Optional.empty();
    };
  }

  private Outcome.Builder load(Operation.Load load) {
    Vma vma = mapping(load.mapping());
    try {
      byte[] data = memory.load(vma, load.offset(), load.length());
      return result(data.length).value("data", Texts.data(data));
    } catch (SignalException e) {
      return signal(e, load.mapping(), vma);
    }
  }

  private Outcome.Builder store(Operation.Store store) {
    Vma vma = mapping(store.mapping());
    byte[] data = store.data().toArray();
    try {
      memory.store(vma, store.offset(), data);
      return result(data.length);
    } catch (SignalException e) {
      return signal(e, store.mapping(), vma);
    }
  }

  private static Outcome.Builder signal(SignalException e, String mapping, Vma vma) {
    return result(-1)
        .value("signal", Texts.signal(e.signo(), e.code(), mapping, e.address() - vma.start()));
  }

  private Outcome.Builder stat(Stat stat) {
    return result(0)
        .value("ino", stat.ino())
        .value("mode", Integer.toOctalString(stat.mode()))
        .value("nlink", stat.nlink())
        .value("uid", stat.uid())
        .value("gid", stat.gid())
        .value("size", stat.size())
        .value("blocks", stat.blocks512())
        .value("atime", Texts.time(stat.atime()))
        .value("mtime", Texts.time(stat.mtime()))
        .value("ctime", Texts.time(stat.ctime()))
        .value("generation", Integer.toUnsignedString(stat.generation()));
  }

  private static Outcome.Builder result(long value) {
    return new Outcome.Builder().value("result", value);
  }

  private OpenFile file(String name) throws Ext2Exception {
    OpenFile file = files.get(name);
    if (file == null) {
      throw new Ext2Exception(io.pmem4j.ext2.Errno.EBADF, name + " was not opened");
    }
    return file;
  }

  private Vma mapping(String name) {
    Vma vma = mappings.get(name);
    if (vma == null) {
      throw new NoMapping();
    }
    return vma;
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    try {
      for (Vma vma : mappings.values()) {
        memory.munmap(vma);
      }
      for (OpenFile file : files.values()) {
        file.close();
      }
      fs.unmount();
    } catch (Ext2Exception | RuntimeException e) {
      throw BackendException.modelBroke("model: unmount: " + e, e);
    } finally {
      release();
    }
    return Optional.of(image);
  }

  @Override
  public void abandon() {
    release();
  }

  private void release() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
