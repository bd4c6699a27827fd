// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/**
 * The states in which a crash can leave the memory of a trace. A crash is tried before each event
 * that makes stores durable for certain, and at the end; the states of other moments are among
 * those. Immutable, each method returns a changed copy; thread-safe.
 *
 * {@snippet :
 * RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
 * memory.putLong(64, 7); // the payload is never flushed
 * memory.publishLong(0, 1);
 * CrashReport report =
 *     CrashStates.of(memory.trace())
 *         .check((state, acknowledged) -> {
 *           if (state.getLong(0) == 1 && state.getLong(64) != 7) {
 *             throw new IllegalStateException("entry lost");
 *           }
 *         });
 * // report.broken() is 1
 * }
 *
 * <p>A crash inside recovery is tried too: if the check stores, the states of its own stores are
 * checked once more. One run of the check stands for all states that it cannot tell apart, unless
 * it asks for the {@link PersistentMemory#segment}. Source: the rules are those of {@link
 * CrashMode}; the order is a Gray code.
 */
public final class CrashStates {
  /** The default limit of states at one point of a crash. */
  public static final long AT_MOST = 1 << 16;

  private final StoreTrace trace;
  private final CrashMode mode;
  private final long atMost;
  private final long seed;
  private final boolean insideRecovery;
  private final IntPredicate points;

  private CrashStates(
      StoreTrace trace,
      CrashMode mode,
      long atMost,
      long seed,
      boolean insideRecovery,
      IntPredicate points) {
    this.trace = trace;
    this.mode = mode;
    this.atMost = atMost;
    this.seed = seed;
    this.insideRecovery = insideRecovery;
    this.points = points;
  }

  /** Returns the states of a trace in {@link CrashMode#X86}. */
  public static CrashStates of(StoreTrace trace) {
    return new CrashStates(trace, CrashMode.X86, AT_MOST, 1, true, _ -> true);
  }

  /** Returns the states of another mode. */
  public CrashStates mode(CrashMode rules) {
    return new CrashStates(
        trace, Objects.requireNonNull(rules), atMost, seed, insideRecovery, points);
  }

  /**
   * Returns the states with another limit at one point of a crash. If there are more, a sample is
   * tried, and {@link CrashReport#leftOut} tells how many were not.
   *
   * @param states 2 or more
   */
  public CrashStates atMost(long states) {
    if (states < 2) {
      throw new IllegalArgumentException("limit of states: " + states + ", at least 2 needed");
    }
    return new CrashStates(trace, mode, states, seed, insideRecovery, points);
  }

  /** Returns the states with another seed for samples. */
  public CrashStates seed(long number) {
    return new CrashStates(trace, mode, atMost, number, insideRecovery, points);
  }

  /** Returns the states with crashes inside recovery, or without. */
  public CrashStates insideRecovery(boolean wanted) {
    return new CrashStates(trace, mode, atMost, seed, wanted, points);
  }

  /**
   * Returns the states at some of these points alone, for a trace that has very many. The states at
   * the others count as left out.
   *
   * @param chosen gets the index of the event before which the memory loses its power; the number
   *     of events stands for the end
   */
  public CrashStates onlyAt(IntPredicate chosen) {
    IntPredicate both = points.and(chosen);
    return new CrashStates(trace, mode, atMost, seed, insideRecovery, both);
  }

  StoreTrace trace() {
    return trace;
  }

  /** Returns the states of another trace, by the same rules and limits. */
  CrashStates trace(StoreTrace other) {
    return new CrashStates(other, mode, atMost, seed, insideRecovery, points);
  }

  CrashMode mode() {
    return mode;
  }

  long limit() {
    return atMost;
  }

  long seed() {
    return seed;
  }

  /** Called at each point of a crash. */
  interface PointVisitor {
    /** Returns true to go on. */
    boolean point(int event, PendingStores pending, Acknowledgements acknowledged);
  }

  /** Walks through the points of the trace over an image, which holds what is durable there. */
  void visitPoints(long[] image, PointVisitor visitor) {
    PendingStores pending = new PendingStores(mode, image);
    Acknowledgements acknowledged = Acknowledgements.none();
    List<TraceEvent> events = trace.events();
    for (int i = 0; i < events.size(); i++) {
      TraceEvent event = events.get(i);
      if (pending.settles(event) && !visitor.point(i, pending, acknowledged)) {
        return;
      }
      if (event.kind() == TraceEvent.Kind.ACKNOWLEDGE) {
        acknowledged = acknowledged.with(event.call(), event.offset());
      } else if (event.kind() == TraceEvent.Kind.CREATE) {
        acknowledged = acknowledged.with(Acknowledgements.file(event.call()), 1);
      }
      pending.add(event);
    }
    visitor.point(events.size(), pending, acknowledged);
  }

  /**
   * Runs a check on each state.
   *
   * @throws NotDeterministicException if the check is not deterministic
   */
  public CrashReport check(CrashCheck check) {
    return new Tally(check, false).explore();
  }

  /**
   * Returns one state of a crash after the last event. Equal seeds choose equal states of equal
   * traces; {@link #seed} takes no part in it.
   *
   * @param choice the seed of the choice, in which each unit of order takes part on its own: a
   *     cache line, or a word stored around the caches
   */
  public HeapMemory chosenAtEnd(long choice) {
    long[] image = trace.initial();
    SplittableRandom random = new SplittableRandom(choice);
    visitPoints(
        image,
        (event, pending, _) -> {
          if (event == trace.events().size()) {
            for (OrderedUnit unit : pending.freeze()) {
              unit.choose(
                  random.nextLong(unit.states()),
                  atom -> image[atom.word.index] = atom.word.value());
            }
          }
          return true;
        });
    return new HeapMemory(image, trace.byteSize(), mode.granularity());
  }

  /** Runs a check until the first state that breaks it; the report may be incomplete. */
  CrashReport checkToFirst(CrashCheck check) {
    return new Tally(check, true).explore();
  }

  /**
   * Runs a check on the one state that a finding names.
   *
   * @param state of {@link CrashFinding#replay}, for the same mode and an equal trace
   * @throws IllegalArgumentException if the text names no state of this trace
   * @throws Throwable thrown by the check
   */
  public void replay(String state, CrashCheck check) throws Throwable {
    Throwable failure = StateName.parse(state).run(this, check);
    if (failure != null) {
      throw failure;
    }
  }

  /** The running totals of an exploration. */
  private final class Tally {
    private final long start = System.nanoTime();
    private final long[] image = trace.initial();
    private final StateJudge judge;
    private final boolean stopsAtFirst;
    private final List<CrashFinding> findings = new ArrayList<>();
    private int points;
    private long tried;
    private BigInteger leftOut = BigInteger.ZERO;
    private long broken;
    private long inside;

    Tally(CrashCheck check, boolean stopsAtFirst) {
      this.stopsAtFirst = stopsAtFirst;
      this.judge =
          new StateJudge(mode, mode.granularity(), image, trace.byteSize(), check, insideRecovery);
    }

    CrashReport explore() {
      visitPoints(image, this::explorePoint);
      return new CrashReport(
          mode,
          points,
          tried,
          leftOut,
          broken,
          inside,
          judge.runs(),
          findings,
          System.nanoTime() - start);
    }

    private boolean explorePoint(int event, PendingStores pending, Acknowledgements acknowledged) {
      if (!CrashStates.this.points.test(event)) {
        leftOut = leftOut.add(StateWalk.count(pending.freeze()));
        return true;
      }
      points++;
      BrokenState worst = new BrokenState(event, pending.atoms(), trace, mode);
      StateWalk walk =
          new StateWalk(
              pending,
              image,
              () -> {
                Verdict verdict = judge.judge(acknowledged);
                inside += verdict.inside();
                leftOut = leftOut.add(BigInteger.valueOf(verdict.insideLeftOut()));
                if (!verdict.passed()) {
                  broken++;
                  worst.offer(verdict);
                }
                return !stopsAtFirst || verdict.passed();
              });
      walk.run(atMost, seed);
      tried += walk.visited();
      leftOut = leftOut.add(walk.count().subtract(BigInteger.valueOf(walk.visited())));
      worst.finding().ifPresent(this::add);
      return !stopsAtFirst || broken == 0;
    }

    private void add(CrashFinding finding) {
      if (findings.size() < 20 && findings.stream().noneMatch(finding::sameAs)) {
        findings.add(finding);
      }
    }
  }
}
