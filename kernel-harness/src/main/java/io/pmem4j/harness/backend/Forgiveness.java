// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.kernel.KernelDifference;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * Every rule by which two answers that differ count as equal on a booted kernel. A rule that is not
 * here forgives nothing: code that leaves something out asks its constant, which counts, and
 * reports print all of them. Differences of a later kernel are {@link KernelDifference}s; those of
 * a mounted file system are in {@code host-differences.txt} and {@link ComparableView}. Times,
 * process ids and generations are not forgiven: they are made equal before, see {@link
 * KernelChoices}. Thread-safe.
 */
public enum Forgiveness {
  /** Blocks that neither bitmap counts as used. */
  FREE_BLOCK(
      "image: free blocks are not compared: a freed indirect block holds stale pointers or zeros,"
          + " depending on when writeback ran"),
  /** The start of an event's line: task, CPU, flags, time. */
  TRACE_HEAD("trace: task, CPU, interrupt flags and time of an event are not compared"),
  /** {@code dev 259:0}. */
  TRACE_DEVICE("trace: the device of an event is not compared"),
  /** {@code vm_start}, {@code vm_end} and addresses. */
  TRACE_ADDRESS(
      "trace: the bounds of a VMA are not compared; an address is compared as the page of the file"
          + " that it shows"),
  /** {@code USER|KILLABLE} and so on. */
  TRACE_FAULT_FLAG("trace: flags of a fault other than WRITE and MKWRITE are not compared"),
  /** {@code DAX_LOCKED} and so on in {@code radix_entry}. */
  TRACE_ENTRY_FLAG("trace: the flag bits of a DAX entry are not compared, its block is"),
  /** {@code pgoff} of dax_writeback_range_done. */
  TRACE_WALK("trace: where a write-back begins is not compared in the event that ends it"),
  /** Events of sync(2), syncfs(2) and FIFREEZE. */
  WORKER_EVENTS(
      "trace: what a worker of the kernel writes back for sync, syncfs, freeze and remount is not reported"),
  /** Lock classes that the model has no lock for. */
  LOCK_CLASS("locks: edges of classes that are not ext2's or its callers' are not compared"),
  /** One class of lockdep for both levels. */
  LOCK_NESTING("locks: a directory under its parent is the same class"),
  /** Page locks, which lockdep of most kernels does not know. */
  PAGE_LOCK(
      "locks: without page locks in the kernel's lockdep the model's lead on to what is taken under"
          + " them"),
  /** {@code fileattr_set} of later kernels. */
  FLAGS_COPIED_FIRST(
      "locks: later kernels copy the flags of FS_IOC_SETFLAGS before sb_writers, the model as 5.10"
          + " under it"),
  /** A sync of a file whose mapped pages were only read. */
  READ_PAGES_SYNCED(
      "locks: 6.1 writes back pages that were only read, so that a write with O_SYNC takes"
          + " i_mmap_rwsem under sb_writers where the model has nothing to write back"),
  /** The graph of a kernel that hangs or has died. */
  LOCKDEP_LOST(
      "locks: edges that a kernel took since the last reading, and then failed, are not compared; the"
          + " failure is reported"),
  /** Outcomes and images of different crash states. */
  LOSSY_CUT(
      "cut lossy: each backend is in a crash state of its own, so that from then on answers and images"
          + " are judged by promises, expectations and e2fsck, and not compared"),
  /** Edges that only the model has. */
  LOCK_NOT_TAKEN(
      "locks: without the whole library an edge that only the model has is no finding: the kernel"
          + " may not have come there");

  private static final Map<Forgiveness, LongAdder> APPLIED = new EnumMap<>(Forgiveness.class);

  static {
    for (Forgiveness rule : values()) {
      APPLIED.put(rule, new LongAdder());
    }
  }

  private final String text;

  Forgiveness(String text) {
    this.text = text;
  }

  /**
   * Returns its argument, and counts the rule as applied if it is true.
   *
   * @param differs whether the rule leaves something out here
   */
  public boolean forgives(boolean differs) {
    if (differs) {
      count().increment();
    }
    return differs;
  }

  private LongAdder count() {
    return Objects.requireNonNull(APPLIED.get(this));
  }

  /** Returns how often the rule left something out since the start of the JVM. */
  public long applied() {
    return count().sum();
  }

  /** Returns the sentence that reports print. */
  public String text() {
    return text;
  }

  /** Returns one line for each rule, with the number of times that it was applied. */
  public static List<String> report() {
    List<String> lines = new ArrayList<>();
    for (Forgiveness rule : values()) {
      lines.add(String.format("%8d x %s", rule.applied(), rule.text));
    }
    return lines;
  }
}
