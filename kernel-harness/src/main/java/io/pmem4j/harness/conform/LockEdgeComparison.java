// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.kernel.KernelDifference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares the kernel's lock graph with the model's. The graph of lockdep only grows, so the edges
 * of a program are those that were not there before it. Not thread-safe.
 */
public final class LockEdgeComparison {
  private static final String PAGE_LOCK = "page_lock(ext2)";

  /** FS_IOC_SETFLAGS of 5.10 copies the flags from the caller after {@code mnt_want_write}. */
  private static final String FLAGS_COPIED = "sb_writers -> &mm->mmap_lock";

  /** A write with O_SYNC that writes back what a mapping shows. */
  private static final String PAGES_SYNCED = "sb_writers -> &mapping->i_mmap_rwsem";

  private final Set<KernelDifference> differences;
  private final Set<String> kernel = new TreeSet<>();
  private final Set<String> taken = new TreeSet<>();

  /** True once the kernel's lockdep has named a page lock. */
  private boolean pageLocks;

  /**
   * Creates a comparison before the first program.
   *
   * @param lockdep the content of {@code /proc/lockdep}: what the kernel took to get up
   * @param differences of the kernel from the one that the model follows; none if it is that one
   */
  public LockEdgeComparison(String lockdep, Set<KernelDifference> differences) {
    this.differences = Set.copyOf(differences);
    kernel.addAll(LockdepText.edges(lockdep));
  }

  /**
   * After a program, or several.
   *
   * @param lockdep the content of {@code /proc/lockdep} of each kernel that they ran on
   * @param modelEdges the edges that the model took so far
   * @return the kernel's new edges that the model has not, a finding each
   */
  public List<String> after(List<String> lockdep, Set<String> modelEdges) {
    // Lockdep's numbers of classes are those of one boot.
    Set<String> now = new TreeSet<>();
    lockdep.forEach(graph -> now.addAll(LockdepText.edges(graph)));
    // A kernel that was cut off and booted again has not taken one yet.
    pageLocks |= now.stream().anyMatch(edge -> edge.contains(PAGE_LOCK));
    taken.addAll(modelEdges);
    Set<String> model = model();
    List<String> findings = new ArrayList<>();
    for (String edge : now) {
      if (kernel.add(edge)) {
        ofTheKernelAlone(edge, model).ifPresent(findings::add);
      }
    }
    return findings;
  }

  private Optional<String> ofTheKernelAlone(String edge, Set<String> model) {
    if (model.contains(edge)) {
      return Optional.empty();
    }
    boolean synced =
        edge.equals(PAGES_SYNCED) && differences.contains(KernelDifference.READ_FAULT_DIRTIES);
    return Forgiveness.READ_PAGES_SYNCED.forgives(synced)
        ? Optional.empty()
        : Optional.of("lock edge of the kernel that the model has not: " + edge);
  }

  /** Returns the number of edges of the kernel between the compared classes. */
  int kernelEdges() {
    return kernel.size();
  }

  /**
   * Returns a finding for each edge that only one of them has, at the end.
   *
   * @param suite whether all programs that ship were run. If not, nothing is left to be said: what
   *     only the kernel has {@link #after} has told, and a model that declares a lock for what may
   *     happen - a fault on the buffer of a write(2) - is ahead of a kernel where it has not
   */
  public List<String> atEnd(boolean suite) {
    List<String> findings = new ArrayList<>();
    Set<String> model = model();
    if (!suite) {
      model.forEach(edge -> Forgiveness.LOCK_NOT_TAKEN.forgives(!kernel.contains(edge)));
      return findings;
    }
    for (String edge : model) {
      boolean lacking = !kernel.contains(edge);
      boolean known = lacking && !differences.isEmpty() && edge.equals(FLAGS_COPIED);
      if (lacking && !Forgiveness.FLAGS_COPIED_FIRST.forgives(known)) {
        findings.add("lock edge of the model that the kernel has not: " + edge);
      }
    }
    for (String edge : kernel) {
      ofTheKernelAlone(edge, model).ifPresent(findings::add);
    }
    return findings;
  }

  /** The edges that both have. */
  public Set<String> agreed() {
    Set<String> both = new TreeSet<>(kernel);
    both.retainAll(model());
    return both;
  }

  /** The edges of the model as the kernel's lockdep would have them. */
  private Set<String> model() {
    Set<String> seen = new TreeSet<>();
    for (String edge : taken) {
      List<String> ends = List.of(edge.split(" -> ", 3));
      boolean overPage = ends.size() == 3;
      if (pageLocks) {
        if (!overPage) {
          seen.add(edge);
        }
      } else if (Forgiveness.PAGE_LOCK.forgives(overPage)) {
        // The holder of a page lock takes the locks that are taken under it.
        seen.add(ends.getFirst() + " -> " + ends.getLast());
      } else if (!ends.contains(PAGE_LOCK)) {
        seen.add(edge);
      }
    }
    return seen;
  }
}
