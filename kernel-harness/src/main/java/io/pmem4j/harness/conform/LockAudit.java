// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.GuestBackend;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.backend.ModelBackend;
import io.pmem4j.harness.program.Program;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The lock edges of a run of programs: those that the kernel's lockdep has learnt from each,
 * against the model's. Told of every program that ran on both, and of no other: lockdep forgets
 * nothing, so what only the kernel has run must come afterwards.
 *
 * <p>To read {@code /proc/lockdep} takes the guest as long as a short program. As its graph only
 * grows, a reading without a new edge speaks for all programs since the one before; so the readings
 * get rarer while nothing is new. A finding is traced to its program on a kernel that is booted for
 * it. Not thread-safe.
 */
public final class LockAudit {
  /** Programs between two readings, at most: what is run again for a finding. */
  private static final int MOST_UNREAD = 64;

  private final Laboratory laboratory;
  private final GuestBackend guest;
  private final ModelBackend model;
  private final LockEdgeComparison comparison;
  private int interval = 1;

  private LockAudit(Laboratory laboratory, GuestBackend guest, ModelBackend model)
      throws BackendException {
    this.laboratory = laboratory;
    this.guest = guest;
    this.model = model;
    this.comparison = new LockEdgeComparison(guest.lockdep());
  }

  /**
   * What came of an audit.
   *
   * @param agreed the edges that both have
   * @param findings of no program in particular: edges that only one of them has at the end
   */
  public record Outcome(Set<String> agreed, List<String> findings) {
    /** Copies. */
    public Outcome {
      agreed = Set.copyOf(agreed);
      findings = List.copyOf(findings);
    }
  }

  /**
   * Begins, before the first program.
   *
   * @param laboratory one with the model and one booted kernel
   * @throws BackendException if the kernel cannot be asked
   */
  public static LockAudit of(Laboratory laboratory) throws BackendException {
    return new LockAudit(
        laboratory, only(laboratory, GuestBackend.class), only(laboratory, ModelBackend.class));
  }

  private static <B> B only(Laboratory laboratory, Class<B> kind) {
    List<B> found =
        laboratory.backends().stream().filter(kind::isInstance).map(kind::cast).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException("one " + kind.getSimpleName() + ", not " + found.size());
    }
    return found.getFirst();
  }

  /** How many programs may run before the next reading. */
  public int due() {
    return interval;
  }

  /**
   * After programs have run on both: an edge that both have learnt from them is agreed.
   *
   * @param programs all since the last reading, {@link #due} at most
   * @return findings by program
   * @throws BackendException if the kernel cannot be asked, or booted for a finding
   */
  public Map<Program, List<String>> after(List<Program> programs) throws BackendException {
    if (programs.isEmpty() || programs.size() > interval) {
      throw new IllegalArgumentException(programs.size() + " programs, " + interval + " due");
    }
    int before = comparison.kernelEdges();
    List<String> lacking = comparison.after(guest.lockdep(), model.lockEdges());
    interval = comparison.kernelEdges() > before ? 1 : Math.min(2 * interval, MOST_UNREAD);
    if (lacking.isEmpty()) {
      return Map.of();
    }
    return programs.size() == 1
        ? Map.of(programs.getFirst(), lacking)
        : traced(programs, new ArrayList<>(lacking));
  }

  /**
   * The whole; afterwards the graph may grow by what only the kernel runs.
   *
   * @param suite whether all programs that ship were run: then the edges must be equal
   */
  public Outcome end(boolean suite) {
    return new Outcome(comparison.agreed(), comparison.atEnd(suite));
  }

  /** Runs the programs again, one by one, on a kernel that has taken none of these locks. */
  private Map<Program, List<String>> traced(List<Program> suspects, List<String> lacking)
      throws BackendException {
    guest.restart();
    Map<Program, List<String>> traced = new LinkedHashMap<>();
    LockEdgeComparison alone = new LockEdgeComparison(guest.lockdep());
    Conformance kernel = new Conformance(laboratory, List.of(guest));
    for (Program suspect : suspects) {
      kernel.run(suspect);
      for (String finding : alone.after(guest.lockdep(), Set.of())) {
        if (lacking.remove(finding)) {
          traced.computeIfAbsent(suspect, _ -> new ArrayList<>()).add(finding);
        }
      }
    }
    // Seen once and not again: one of them took it, under circumstances of its own.
    for (String finding : lacking) {
      traced
          .computeIfAbsent(suspects.getLast(), _ -> new ArrayList<>())
          .add(finding + " (of this program or the " + (suspects.size() - 1) + " before it)");
    }
    return traced;
  }
}
