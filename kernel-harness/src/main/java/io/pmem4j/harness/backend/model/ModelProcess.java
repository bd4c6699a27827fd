// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.PathOperations;
import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A process on ext2-dax: an address space and open files. */
final class ModelProcess {
  /** The mount point in the guest. */
  private static final String MOUNT_POINT = "/mnt";

  private static final int S_IFMT = 0170000;
  private static final int S_IFREG = 0100000;

  /** With the NUL that ends a path. */
  private static final int PATH_MAX = 4096;

  private final Ext2FileSystem fs;
  private final ModelPromises promises;
  private final long alignment;
  private final AddressSpace memory;
  private final Map<String, OpenFile> files = new HashMap<>();
  private final Map<String, Vma> mappings = new HashMap<>();
  private PathOperations paths;
  private boolean keepsNames;

  /** An operation on a mapping that mmap(2) refused to make; the rest of the program still runs. */
  static final class NoMapping extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Creates a process without files or mappings.
   *
   * @param alignment what the address of a mapping that may lie anywhere is a multiple of
   */
  ModelProcess(Ext2FileSystem fs, ModelPromises promises, long alignment) {
    this(fs, promises, alignment, fs.newAddressSpace());
  }

  private ModelProcess(
      Ext2FileSystem fs, ModelPromises promises, long alignment, AddressSpace memory) {
    this.fs = fs;
    this.promises = promises;
    this.paths = fs.paths();
    this.alignment = alignment;
    this.memory = memory;
  }

  /** fork(2): descriptors of the same open files, mappings at the same places. */
  ModelProcess fork() throws Ext2Exception {
    ModelProcess child = new ModelProcess(fs, promises, alignment, memory.fork());
    for (Map.Entry<String, OpenFile> file : files.entrySet()) {
      OpenFile duplicate = file.getValue().duplicate();
      promises.duplicated(file.getValue(), duplicate);
      child.files.put(file.getKey(), duplicate);
    }
    child.mappings.putAll(mappings);
    child.paths = paths;
    return child;
  }

  /** Ends the process, as exit(2) does. */
  void exit() throws Ext2Exception {
    memory.exit();
    for (OpenFile file : files.values()) {
      file.close();
    }
  }

  Outcome.Builder answer(Operation operation) throws Ext2Exception {
    return switch (operation) {
      case Operation.Open open -> {
        OpenFile file = paths().open(path(open.path()), open.flags(), open.mode());
        promises.opened(open.path(), file, open.flags());
        files.put(open.file(), file);
        yield result(0);
      }
      case Operation.Close close -> {
        // As in the kernel the descriptor goes first: of two tasks that close it one has EBADF.
        OpenFile file = file(close.file());
        files.remove(close.file());
        file.close();
        yield result(0);
      }
      case Operation.Pwrite write ->
          result(promises.pwrite(file(write.file()), write.offset(), write.data().toArray()));
      case Operation.Pread read -> pread(read.file(), read.offset(), read.length());
      case Operation.Ftruncate truncate -> {
        file(truncate.file()).truncate(truncate.size());
        yield result(0);
      }
      case Operation.Fsync sync -> {
        promises.fsync(file(sync.file()));
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
                        OutcomeText.extent(
                            e.logicalBytes(), e.physicalBytes(), e.lengthBytes(), e.flags()))
                    .collect(Collectors.joining(",")));
      }
      case Operation.Mmap map -> {
        OpenFile file = file(map.file());
        Vma vma =
            memory.mmap(
                file.mappable(),
                map.offset(),
                map.length(),
                map.prot(),
                map.flags(),
                Math.max(map.align() == 0 ? alignment : map.align(), Mmu.PAGE_BYTES));
        promises.mapped(vma, file);
        mappings.put(map.mapping(), vma);
        yield result(0);
      }
      case Operation.Munmap unmap -> {
        memory.munmap(mapping(unmap.mapping()));
        if (!keepsNames) {
          mappings.remove(unmap.mapping());
        }
        yield result(0);
      }
      case Operation.Load load -> load(load);
      case Operation.Store store -> store(store);
      case Operation.Msync sync ->
          promises.msync(
              memory, mapping(sync.mapping()), sync.offset(), sync.length(), sync.flags());
      case Operation.Pagemap pagemap ->
          result(0)
              .value(
                  "page",
                  memory
                      .pagemap(mapping(pagemap.mapping()), pagemap.offset())
                      .toString()
                      .replace(' ', ':'));
      case Operation.Sync _ -> {
        promises.sync("sync");
        yield result(0);
      }
      case Operation.Call call -> ModelCalls.answer(this, call);
      case Operation.Fork _,
          Operation.In _,
          Operation.Exit _,
          Operation.Remount _,
          Operation.Mounted _,
          Operation.Lockdep _,
          Operation.PowerCut _,
          Operation.Park _,
          Operation.Begin _,
          Operation.Arrive _,
          Operation.Release _,
          Operation.Blocked _,
          Operation.Await _,
          Operation.Clock _ ->
          throw new IllegalStateException("not a process's own: " + operation);
    };
  }

  /**
   * A path as the model takes it. The kernel's is longer by the mount point, which counts for
   * PATH_MAX.
   *
   * @throws Ext2Exception ENAMETOOLONG
   */
  static String path(String programPath) throws Ext2Exception {
    int bytes = (MOUNT_POINT + programPath).getBytes(StandardCharsets.UTF_8).length;
    if (bytes >= PATH_MAX) {
      throw new Ext2Exception(Errno.ENAMETOOLONG, "a path of " + bytes + " bytes");
    }
    return programPath;
  }

  Ext2FileSystem fs() {
    return fs;
  }

  /** Returns the calls on paths, with the identity of the process. */
  PathOperations paths() {
    return paths;
  }

  /** The agent's identity: 0 0 leads back to root. */
  void become(int uid, int gid) {
    paths =
        fs.paths(
            uid == 0
                ? new Credentials(0, gid, Set.of(), Credentials.ROOT.capabilities())
                : Credentials.user(uid, gid));
  }

  ModelPromises promises() {
    return promises;
  }

  AddressSpace memory() {
    return memory;
  }

  Outcome.Builder pread(String name, long offset, int length) throws Ext2Exception {
    byte[] target = new byte[length];
    int count = Math.toIntExact(file(name).pread(offset, target));
    return result(count).value("data", OutcomeText.data(Arrays.copyOf(target, count)));
  }

  private Outcome.Builder load(Operation.Load load) {
    Vma vma = mapping(load.mapping());
    try {
      byte[] data = memory.load(vma, load.offset(), load.length());
      return result(data.length).value("data", OutcomeText.data(data));
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
        .value(
            "signal", OutcomeText.signal(e.signo(), e.code(), mapping, e.address() - vma.start()));
  }

  private static Outcome.Builder stat(Stat stat) {
    return result(0)
        .value("ino", stat.ino())
        .value("mode", Integer.toOctalString(stat.mode()))
        .value("nlink", stat.nlink())
        .value("uid", stat.uid())
        .value("gid", stat.gid())
        .value("size", stat.size())
        .value("blocks", stat.blocks512())
        .value("atime", OutcomeText.time(stat.atime()))
        .value("mtime", OutcomeText.time(stat.mtime()))
        .value("ctime", OutcomeText.time(stat.ctime()))
        .value("generation", Integer.toUnsignedString(stat.generation()));
  }

  /** A stat record of a path, which carries no generation. */
  static Outcome.Builder statx(Stat stat) {
    return stat(stat)
        .value("generation", "0")
        .value("dax", (stat.mode() & S_IFMT) == S_IFREG ? 1 : 0);
  }

  static Outcome.Builder result(long value) {
    return Outcome.builder().value("result", value);
  }

  OpenFile file(String name) throws Ext2Exception {
    OpenFile file = files.get(name);
    if (file == null) {
      throw new Ext2Exception(Errno.EBADF, name + " was not opened");
    }
    return file;
  }

  Optional<OpenFile> openFile(String name) {
    return Optional.ofNullable(files.get(name));
  }

  Optional<Vma> findMapping(String name) {
    return Optional.ofNullable(mappings.get(name));
  }

  Vma mapping(String name) {
    Vma vma = mappings.get(name);
    if (vma == null) {
      throw new NoMapping();
    }
    return vma;
  }

  /** The mapping of a name lies elsewhere now. */
  void moved(String name, Vma vma) {
    if (!keepsNames) {
      mappings.put(name, vma);
    }
  }

  /** From now on the name of a mapping means the addresses at which it was made. */
  void keepNames() {
    keepsNames = true;
  }
}
