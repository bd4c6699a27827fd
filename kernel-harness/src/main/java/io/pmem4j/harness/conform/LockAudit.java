// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.backend.model.ModelBackend;
import io.pmem4j.harness.program.Program;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares the lock edges that the kernel's lockdep has learnt from each program with those of the
 * model. Only programs that ran whole on both count. lockdep forgets nothing, so programs that only
 * the kernel can run must come last.
 *
 * <p>Reading {@code /proc/lockdep} takes the guest as long as a short program. The graph only
 * grows, so a reading without a new edge covers all programs since the last one; readings become
 * rarer while nothing is new. A kernel that a program cuts off is read before. A finding is traced
 * to its program on a kernel that is booted for it. Not thread-safe.
 */
public final class LockAudit {
  /** The largest number of programs between two readings, all of which run again for a finding. */
  private static final int MOST_UNREAD = 64;

  private final Backends backends;
  private final GuestBackend guest;
  private final ModelBackend model;
  private final LockEdgeComparison comparison;
  private int interval = 1;

  private LockAudit(Backends backends, GuestBackend guest, ModelBackend model)
      throws BackendException {
    this.backends = backends;
    this.guest = guest;
    this.model = model;
    this.comparison = comparison(guest);
  }

  /**
   * The result of an audit.
   *
   * @param agreed the edges that both have
   * @param findings of no program in particular: edges that only one of them has at the end
   */
  public record Outcome(Set<String> agreed, List<String> findings) {
    /** Copies the collections. */
    public Outcome {
      agreed = Set.copyOf(agreed);
      findings = List.copyOf(findings);
    }
  }

  /**
   * Begins an audit before the first program.
   *
   * @param backends the model and one booted kernel
   * @throws BackendException if the kernel cannot be asked
   */
  public static LockAudit of(Backends backends) throws BackendException {
    return new LockAudit(
        backends, only(backends, GuestBackend.class), only(backends, ModelBackend.class));
  }

  private static LockEdgeComparison comparison(GuestBackend guest) throws BackendException {
    return new LockEdgeComparison(guest.lockdep().getLast(), guest.kernel().differences());
  }

  private static <B> B only(Backends backends, Class<B> kind) {
    List<B> found = backends.all().stream().filter(kind::isInstance).map(kind::cast).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException("one " + kind.getSimpleName() + ", not " + found.size());
    }
    return found.getFirst();
  }

  /** Returns how many programs may run before the next reading. */
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
   * Ends the audit; afterwards the graph may grow by programs that only the kernel runs.
   *
   * @param suite whether all programs that ship were run: then the edges must be equal
   */
  public Outcome end(boolean suite) {
    guest.stopLockdep();
    return new Outcome(comparison.agreed(), comparison.atEnd(suite));
  }

  /** Runs the programs again, one by one, on a freshly booted kernel. */
  private Map<Program, List<String>> traced(List<Program> suspects, List<String> lacking)
      throws BackendException {
    guest.restart();
    Map<Program, List<String>> traced = new LinkedHashMap<>();
    LockEdgeComparison alone = comparison(guest);
    Conformance kernel = new Conformance(backends, List.of(guest));
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
