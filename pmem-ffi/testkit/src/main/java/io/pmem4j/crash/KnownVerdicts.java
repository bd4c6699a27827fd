// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The verdicts of a check on the states of one image: by a run, or known by what the check reads.
 * Some runs are made twice, because a check that is not deterministic has no verdict.
 */
final class KnownVerdicts {
  /** After so many runs a tree that has saved next to none is given up. */
  private static final int TRIAL = 4096;

  /** One in so many verdicts is audited by a run. */
  private static final int AUDITED = 128;

  /** So many first runs, known verdicts and failures are audited, each of them. */
  private static final int FIRST = 16;

  private final long[] image;
  private final StateAccess.Log log;
  private final VerdictTree.Reader onKnown;
  private VerdictTree tree = new VerdictTree();
  private boolean usesTree = true;
  private long runs;
  private long hits;
  private long failures;

  /**
   * Knows no verdict yet.
   *
   * @param log of the memory in which the check runs
   * @param onKnown gets the reads that a run would have made
   */
  KnownVerdicts(long[] image, StateAccess.Log log, VerdictTree.Reader onKnown) {
    this.image = image;
    this.log = log;
    this.onKnown = onKnown;
  }

  /** Returns the number of runs, without those that audit. */
  long runs() {
    return runs;
  }

  /**
   * Returns the verdict of the state that the image holds.
   *
   * @param run runs the check, and takes back what it stores
   * @throws NotDeterministicException if the check is seen not to be deterministic
   */
  Verdict judge(int acknowledgements, Supplier<Verdict> run) {
    giveUpIfExposed();
    @Nullable Verdict known = usesTree ? tree.find(image, acknowledgements) : null;
    if (known != null) {
      hits++;
      if (isAudited(hits)) {
        audit(known, run); // it makes the reads, too
      } else {
        tree.read(image, acknowledgements, onKnown);
      }
      return known;
    }
    runs++;
    Verdict verdict = run.get();
    if (verdict.failure() instanceof CheckNotEndedException) {
      return verdict; // after some of its reads
    }
    giveUpIfExposed();
    if (usesTree) {
      tree.add(log, verdict);
    }
    if (isAudited(runs) || (!verdict.passed() && failures++ < FIRST)) {
      audit(verdict, run);
    }
    return verdict;
  }

  /** Loads of a segment are not seen, so that equal reads tell nothing. */
  private void giveUpIfExposed() {
    boolean isOfNoUse = runs > TRIAL && hits < runs / 8;
    if (usesTree && (log.exposed || isOfNoUse)) {
      usesTree = false;
      tree = new VerdictTree();
    }
  }

  private static boolean isAudited(long number) {
    return number <= FIRST || number % AUDITED == 0;
  }

  private void audit(Verdict verdict, Supplier<Verdict> run) {
    Verdict again = run.get();
    if (again.failure() instanceof CheckNotEndedException) {
      return;
    }
    giveUpIfExposed();
    boolean isOther = usesTree && tree.add(log, again); // throws if it read other words
    if (isOther) {
      throw NotDeterministicException.ofReads();
    }
    if (!again.agrees(verdict)) {
      throw NotDeterministicException.ofVerdicts(verdict, again);
    }
  }
}
