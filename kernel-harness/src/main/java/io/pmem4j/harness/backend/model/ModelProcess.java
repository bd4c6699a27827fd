// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.PathOperations;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A process on ext2-dax: an address space and open files. */
final class ModelProcess {
  /** The mount point in the guest. */
  private static final String MOUNT_POINT = "/mnt";

  /** With the NUL that ends a path. */
  private static final int PATH_MAX = 4096;

  private final Ext2FileSystem fs;
  private final ModelPromises promises;
  private final long alignment;
  private final AddressSpace memory;
  private final Map<String, OpenFile> files = new HashMap<>();
  private final Map<String, Vma> mappings = new HashMap<>();
  private PathOperations paths;
  private Credentials identity = Credentials.ROOT;
  private boolean keepsNames;

  private final TaskIdentities identities;

  /** An operation on a mapping that mmap(2) refused to make; the rest of the program still runs. */
  static final class NoMapping extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Creates a process without files or mappings.
   *
   * @param alignment what the address of a mapping that may lie anywhere is a multiple of
   * @param identities knows whose operation a task runs
   */
  ModelProcess(
      Ext2FileSystem fs, ModelPromises promises, long alignment, TaskIdentities identities) {
    this(fs, promises, alignment, identities, fs.newAddressSpace());
  }

  private ModelProcess(
      Ext2FileSystem fs,
      ModelPromises promises,
      long alignment,
      TaskIdentities identities,
      AddressSpace memory) {
    this.identities = identities;
    this.fs = fs;
    this.promises = promises;
    this.paths = fs.paths();
    this.alignment = alignment;
    this.memory = memory;
  }

  /** Returns true if regular files are DAX files: STATX_ATTR_DAX. */
  boolean dax() {
    return fs.dax();
  }

  /** fork(2): descriptors of the same open files, mappings at the same places. */
  ModelProcess fork() throws Ext2Exception {
    ModelProcess child = new ModelProcess(fs, promises, alignment, identities, memory.fork());
    for (Map.Entry<String, OpenFile> file : files.entrySet()) {
      OpenFile duplicate = file.getValue().duplicate();
      promises.duplicated(file.getValue(), duplicate);
      child.files.put(file.getKey(), duplicate);
    }
    child.mappings.putAll(mappings);
    child.paths = paths;
    child.identity = identity;
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
    if (operation instanceof Operation.Call call) {
      return identities.call(identity, () -> ModelCalls.answer(this, call));
    }
    throw new IllegalStateException("not a process's own: " + operation);
  }

  /**
   * A path as the model takes it. The kernel's is longer by the mount point, which counts for
   * PATH_MAX: one that is too long for that alone gets slashes behind it, so that the model finds
   * it too long itself, and in its turn among what else it checks.
   */
  static String path(String programPath) {
    int bytes = (MOUNT_POINT + programPath).getBytes(StandardCharsets.UTF_8).length;
    return bytes >= PATH_MAX ? programPath + "/".repeat(MOUNT_POINT.length()) : programPath;
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
    identity =
        uid == 0
            ? new Credentials(0, gid, Set.of(), Credentials.ROOT.capabilities())
            : Credentials.user(uid, gid);
    paths = fs.paths(identity);
  }

  ModelPromises promises() {
    return promises;
  }

  AddressSpace memory() {
    return memory;
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

  /** Records a file that was opened. */
  void opened(String name, OpenFile file) {
    files.put(name, file);
  }

  /** As in the kernel the descriptor goes first: of two tasks that close it one has EBADF. */
  void close(String name) throws Ext2Exception {
    OpenFile file = file(name);
    files.remove(name);
    file.close();
  }

  /** Records a mapping that was made. */
  void mapped(String name, Vma vma) {
    mappings.put(name, vma);
  }

  /** The mapping of a name lies elsewhere now. */
  void moved(String name, Vma vma) {
    if (!keepsNames) {
      mappings.put(name, vma);
    }
  }

  /** The mapping of a name is gone. */
  void unmapped(String name) {
    if (!keepsNames) {
      mappings.remove(name);
    }
  }

  /** Returns the alignment of a mapping for which a program asks none. */
  long alignment() {
    return alignment;
  }

  /** From now on the name of a mapping means the addresses at which it was made. */
  void keepNames() {
    keepsNames = true;
  }
}
