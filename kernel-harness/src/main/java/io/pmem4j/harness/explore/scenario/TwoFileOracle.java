// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.PagemapEntry;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.explore.scenario.TwoFileRecord.Mapping;
import io.pmem4j.harness.explore.scenario.TwoFileRecord.Stored;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.TaskProgram;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The conditions that hold in every interleaving of processes that share the file {@code /a} beside
 * {@code /b}, which takes blocks that {@code /a} gives up.
 */
final class TwoFileOracle {
  static final int PAGE = 4096;

  /** Pages of a mapping whose contents are compared: all that operations touch. */
  private static final int WATCHED_PAGES = 5;

  private final ModelProcesses processes;
  private final List<TaskProgram.Task> tasks;
  private final TwoFileRecord record = new TwoFileRecord();
  private long firstSize;

  /** True if a write before the tasks has found no block. */
  private boolean full;

  TwoFileOracle(ModelProcesses processes, List<TaskProgram.Task> tasks) {
    this.processes = processes;
    this.tasks = tasks;
  }

  /** Records a step that runs before the tasks. */
  void prepared(Operation operation, Outcome outcome) {
    record.add(operation, outcome);
    if (operation instanceof Operation.In(String _, Operation.Call call)
        && call.syscall() == Syscall.PWRITE) {
      full |= outcome.result() < call.dataBytes();
    }
  }

  /** The tasks begin. */
  void begin() throws Ext2Exception {
    firstSize = a().stat().size();
  }

  /**
   * Records and judges a step of a task. A bus error is an answer where another task takes the page
   * away, or no block is left; so is ENOSPC then, and ENOENT where another takes the name away.
   *
   * @return false if the step has failed, and the task ends with it
   */
  boolean goesOn(int task, ProgramStep step, Outcome outcome) {
    record.add(step.operation(), outcome);
    String errno = outcome.errno();
    boolean ended = errno.isEmpty() && !outcome.isSignal();
    if (ended || !step.expected().isEmpty()) {
      return ended;
    }
    boolean pageGone = full || anotherTaskRemovesPages(task);
    boolean expected =
        switch (errno) {
          case "" -> pageGone && outcome.values().getOrDefault("signal", "").startsWith("SIGBUS");
          case "EIO" -> pageGone;
          case "ENOSPC" -> full;
          case "ENOENT" -> anotherTask(task, TwoFileRecord::unlinks);
          default -> false;
        };
    if (!expected) {
      throw new AssertionError(step.text() + " fails: " + outcome.values());
    }
    return false;
  }

  private interface Trait {
    boolean of(Operation operation);
  }

  private boolean anotherTaskRemovesPages(int task) {
    return anotherTask(task, operation -> TwoFileRecord.truncates(operation, firstSize));
  }

  private boolean anotherTask(int self, Trait trait) {
    for (int i = 0; i < tasks.size(); i++) {
      if (i != self && does(tasks.get(i), trait)) {
        return true;
      }
    }
    return false;
  }

  private static boolean does(TaskProgram.Task task, Trait trait) {
    return task.steps().stream().anyMatch(step -> trait.of(step.operation()));
  }

  /** Judges the state that all tasks have left, and returns the blocks of both files. */
  Set<Long> check() throws Ext2Exception {
    Map<Long, Long> blocksOfB = blocks(b());
    checkB();
    for (Mapping mapping : record.mappings()) {
      if (!mapping.shared()) {
        checkCopy(mapping);
      }
    }
    Set<Long> all = new HashSet<>(blocksOfB.values());
    if (!record.isUnlinked()) {
      Map<Long, Long> blocksOfA = blocks(a());
      checkA(blocksOfA, blocksOfB);
      all.addAll(blocksOfA.values());
    }
    return all;
  }

  /** Returns a file /a that is open. */
  private OpenFile a() {
    return open("/a");
  }

  private OpenFile b() {
    return open("/b");
  }

  private OpenFile open(String path) {
    return record.files().stream()
        .filter(file -> file.path().equals(path))
        .flatMap(file -> processes.file(file.child(), file.name()).stream())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(path + " is not open in any process"));
  }

  private void checkA(Map<Long, Long> blocksOfA, Map<Long, Long> blocksOfB) throws Ext2Exception {
    for (long block : blocksOfA.values()) {
      if (blocksOfB.containsValue(block)) {
        throw new DamageError(Damage.BLOCK_IN_TWO_FILES);
      }
    }
    long size = a().stat().size();
    for (Mapping mapping : record.mappings()) {
      if (mapping.shared()) {
        checkPageTable(mapping, size, blocksOfA);
        checkContents(mapping, size);
      }
    }
    checkStores(size);
    checkTail(size);
  }

  /** Checks that an extended file shows zeros, or bytes that were stored past EOF. */
  private void checkTail(long size) throws Ext2Exception {
    byte[] tail = new byte[PAGE];
    if (size % PAGE != 0 && size >= record.smallestSize()) {
      a().truncate(Math.ceilDiv(size, PAGE) * PAGE);
      int length = (int) a().pread(size, tail);
      for (int i = 0; i < length; i++) {
        if (tail[i] == TwoFileRecord.OF_A) {
          throw new DamageError(Damage.CUT_BYTES_RETURN);
        }
      }
    }
  }

  /** Checks that the copy of a private mapping came from the file itself. */
  private void checkCopy(Mapping mapping) {
    Optional<Vma> copy = processes.mapping(mapping.child(), mapping.name());
    AddressSpace memory = processes.memory(mapping.child());
    if (copy.isPresent() && memory.pagemap(copy.get(), 0).kind() == PagemapEntry.Kind.ANONYMOUS) {
      for (byte each : memory.load(copy.get(), 0, PAGE)) {
        if (each == TwoFileRecord.OF_B) {
          throw new DamageError(Damage.FOREIGN_COPY);
        }
      }
    }
  }

  /** Checks {@code A.7}: no page past EOF is mapped, and each mapped block belongs to the file. */
  private void checkPageTable(Mapping mapping, long size, Map<Long, Long> blocks) {
    Vma vma = processes.mapping(mapping.child(), mapping.name()).orElseThrow();
    for (long at = 0; at < mapping.bytes(); at += PAGE) {
      PagemapEntry entry = processes.memory(mapping.child()).pagemap(vma, at);
      long page = (mapping.offset() + at) / PAGE;
      Long block = blocks.get(page);
      if (entry.kind() == PagemapEntry.Kind.NONE) {
        continue;
      }
      if (page * PAGE >= size) {
        checkForeign(mapping, entry, at);
        throw new DamageError(
            Damage.MAPPED_PAST_EOF,
            "page %d, %s, in a file of %d bytes".formatted(page, shown(entry), size));
      }
      if (entry.kind() == PagemapEntry.Kind.ZERO_PAGE && block != null) {
        throw new DamageError(Damage.STALE_ZEROS, "page %d, block %d".formatted(page, block));
      }
      if (entry.kind() == PagemapEntry.Kind.BLOCK && !Long.valueOf(entry.block()).equals(block)) {
        checkForeign(mapping, entry, at);
        throw new DamageError(Damage.FOREIGN_BLOCK, "page %d, %s".formatted(page, shown(entry)));
      }
    }
  }

  /**
   * Checks whether a mapped block belongs to the other file: an entry of the page table needs no
   * fault, so the process would go on loading and storing there.
   */
  private void checkForeign(Mapping mapping, PagemapEntry entry, long at) {
    Vma vma = processes.mapping(mapping.child(), mapping.name()).orElseThrow();
    if (entry.kind() == PagemapEntry.Kind.BLOCK
        && processes.memory(mapping.child()).load(vma, at, 1)[0] == TwoFileRecord.OF_B) {
      throw new DamageError(
          Damage.FOREIGN_MAPPING,
          "page %d, %s, of the other file".formatted((mapping.offset() + at) / PAGE, shown(entry)));
    }
  }

  private static String shown(PagemapEntry entry) {
    return entry.kind() == PagemapEntry.Kind.BLOCK ? "block " + entry.block() : "no block";
  }

  private void checkContents(Mapping mapping, long size) {
    Vma vma = processes.mapping(mapping.child(), mapping.name()).orElseThrow();
    long end = Math.min(Math.min(mapping.bytes(), WATCHED_PAGES * PAGE), size - mapping.offset());
    for (long at = 0; at < end; at += PAGE) {
      int length = (int) Math.min(PAGE, end - at);
      byte[] shown = processes.memory(mapping.child()).load(vma, at, length);
      int last;
      for (int i = 0; i < length; i = last + 1) {
        last = lastOfRun(shown, i, length);
        boolean ofA = shown[i] == TwoFileRecord.OF_A;
        if (ofA && mapping.offset() + at + last >= record.smallestSize()) {
          throw new DamageError(Damage.CUT_BYTES_SHOWN);
        }
        if (shown[i] != 0 && !ofA && !isMark(shown[i])) {
          throw new DamageError(Damage.UNWRITTEN_BYTES);
        }
      }
    }
  }

  /** Returns the last index before {@code end} up to which the bytes equal that at {@code from}. */
  private static int lastOfRun(byte[] bytes, int from, int end) {
    int differs = Arrays.mismatch(bytes, from, end - 1, bytes, from + 1, end);
    return differs < 0 ? end - 1 : from + differs;
  }

  private boolean isMark(byte shown) {
    return shown >= 'A' && shown < 'A' + tasks.size();
  }

  /** A store that has not failed is there, unless something took the page away. */
  private void checkStores(long size) throws Ext2Exception {
    if (tasks.stream()
        .anyMatch(task -> does(task, each -> TwoFileRecord.truncates(each, firstSize)))) {
      return;
    }
    for (Stored stored : record.stores()) {
      byte[] found = new byte[1];
      if (stored.position() >= size
          || a().pread(stored.position(), found) != 1
          || found[0] != stored.value()) {
        throw new DamageError(
            Damage.LOST_STORE,
            "byte %d: 0x%02x was stored, 0x%02x is there"
                .formatted(stored.position(), stored.value(), found[0]));
      }
    }
  }

  /** Checks that the second file holds its own bytes: no other task stored into its blocks. */
  private void checkB() throws Ext2Exception {
    byte[] found = new byte[record.bytesOfB()];
    b().pread(0, found);
    for (int i = 0; i < found.length; i = lastOfRun(found, i, found.length) + 1) {
      if (found[i] != TwoFileRecord.OF_B) {
        throw new DamageError(found[i] == 0 ? Damage.LOST_WRITE : Damage.FOREIGN_STORE);
      }
    }
  }

  private static Map<Long, Long> blocks(OpenFile file) throws Ext2Exception {
    Map<Long, Long> blocks = new HashMap<>();
    for (Extent extent : file.fiemap()) {
      for (long at = 0; at < extent.lengthBytes(); at += PAGE) {
        blocks.put((extent.logicalBytes() + at) / PAGE, (extent.physicalBytes() + at) / PAGE);
      }
    }
    return blocks;
  }
}
