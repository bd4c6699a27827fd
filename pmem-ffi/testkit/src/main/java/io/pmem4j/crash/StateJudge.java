// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a check on the states of one image, and once more on each state of a crash inside its
 * recovery. A check that depends only on what it reads gets equal verdicts for equal reads.
 */
final class StateJudge {
  /** The limit of states of one crash inside recovery. */
  private static final long INSIDE = 4096;

  private final CrashMode mode;
  private final long[] image;
  private final CrashCheck check;
  private final boolean crashesInside;
  private final StateAccess outer;
  private final StateAccess inner;
  private final KnownVerdicts verdicts;

  /** The verdicts of crashes inside recovery, which are those of the check without such crashes. */
  private final KnownVerdicts insideVerdicts;

  StateJudge(
      CrashMode mode,
      Granularity granularity,
      long[] image,
      long bytes,
      CrashCheck check,
      boolean crashesInside) {
    this.mode = mode;
    this.image = image;
    this.check = check;
    this.crashesInside = crashesInside;
    this.outer = new StateAccess(image, bytes, granularity, null);
    this.inner = new StateAccess(image, bytes, granularity, outer);
    this.verdicts = new KnownVerdicts(image, outer.log(), (_, _) -> {});
    this.insideVerdicts = new KnownVerdicts(image, inner.log(), outer.log()::readInside);
  }

  /** Returns the number of times that the check has run, crashes inside recovery left aside. */
  long runs() {
    return verdicts.runs();
  }

  /** Returns the log of the last run. */
  StateAccess.Log log() {
    return outer.log();
  }

  /**
   * Judges the state that the image holds; the image stays.
   *
   * @throws NotDeterministicException if the check is seen not to be deterministic
   */
  Verdict judge(Acknowledgements acknowledged) {
    return verdicts.judge(acknowledged.version(), () -> run(acknowledged));
  }

  /** Runs the check on the state that the image holds. */
  Verdict run(Acknowledgements acknowledged) {
    StateAccess.Log log = outer.log();
    log.begin();
    log.records = crashesInside;
    Throwable failure = failure(outer, acknowledged);
    log.rollBack();
    if (failure != null) {
      return new Verdict(failure, 0, 0, "");
    }
    return log.events.isEmpty() ? Verdict.PASSED : runInside(acknowledged);
  }

  /** Runs the check on the state of a crash inside recovery, without crashes inside that. */
  private Verdict runOnce(Acknowledgements acknowledged) {
    StateAccess.Log log = inner.log();
    log.begin();
    Throwable failure = failure(inner, acknowledged);
    log.rollBack();
    return failure == null ? Verdict.PASSED : new Verdict(failure, 0, 0, "");
  }

  private @Nullable Throwable failure(StateAccess memory, Acknowledgements acknowledged) {
    StateAccess.Log log = memory.log();
    try {
      check.check(
          memory, acknowledged.observed(() -> log.readAcknowledgements(acknowledged.version())));
      return null;
    } catch (VirtualMachineError e) {
      if (e instanceof StackOverflowError) {
        return e;
      }
      throw e;
    } catch (Throwable e) {
      return e;
    }
  }

  private Verdict runInside(Acknowledgements acknowledged) {
    List<TraceEvent> recovery = List.copyOf(outer.log().events);
    PendingStores pending = new PendingStores(mode, image);
    Inside inside = new Inside(acknowledged);
    for (TraceEvent event : recovery) {
      if (pending.settles(event) && !inside.walk(pending)) {
        break;
      }
      pending.add(event);
    }
    if (inside.failure == null) {
      inside.walk(pending);
    }
    outer.log().rollBack();
    return new Verdict(inside.failure, inside.visited, inside.leftOut, inside.place);
  }

  /** The states of crashes inside one recovery. */
  private final class Inside {
    private final Acknowledgements acknowledged;
    private @Nullable Throwable failure;
    private String place = "";
    private long visited;
    private long leftOut;

    Inside(Acknowledgements acknowledged) {
      this.acknowledged = acknowledged;
    }

    /** Returns true if all states passed. */
    boolean walk(PendingStores pending) {
      List<Atom> atoms = pending.atoms();
      if (atoms.isEmpty()) {
        return true;
      }
      StateWalk walk =
          new StateWalk(
              pending,
              image,
              () -> {
                failure =
                    insideVerdicts
                        .judge(acknowledged.version(), () -> runOnce(acknowledged))
                        .failure();
                if (failure != null) {
                  long durable = atoms.stream().filter(atom -> atom.chosen).count();
                  place =
                      "crash inside recovery: "
                          + durable
                          + " of its "
                          + atoms.size()
                          + " pending words on the medium";
                }
                return failure == null;
              });
      walk.run(INSIDE, 1);
      visited += walk.visited();
      if (failure == null) {
        leftOut += walk.count().longValue() - walk.visited();
      }
      return failure == null;
    }
  }
}
