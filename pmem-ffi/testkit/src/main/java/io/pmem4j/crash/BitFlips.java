// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * Corruption on top of a crash: in each crash state one bit of each line that recovery reads is
 * flipped, one line at a time. Recovery has to detect that or be right. States that recovery cannot
 * tell apart are tried once.
 */
public final class BitFlips {
  private final CrashStates states;
  private final Predicate<Throwable> detects;
  private final List<String> undetected = new ArrayList<>();
  private final SplittableRandom random;
  private long flips;
  private long detected;
  private long harmless;

  private BitFlips(CrashStates states, Predicate<Throwable> detects) {
    this.states = states;
    this.detects = detects;
    this.random = new SplittableRandom(states.seed());
  }

  /**
   * Flips bits in each state that passes the check.
   *
   * @param detects true for the exception by which recovery reports corruption; any other failure
   *     is damage that was not detected
   */
  public static FlipReport check(
      CrashStates states, CrashCheck check, Predicate<Throwable> detects) {
    BitFlips all = new BitFlips(states, detects);
    all.run(check);
    return new FlipReport(all.flips, all.detected, all.harmless, all.undetected);
  }

  private void run(CrashCheck check) {
    StoreTrace trace = states.trace();
    CrashMode mode = states.mode();
    long[] image = trace.initial();
    StateJudge judge =
        new StateJudge(mode, mode.granularity(), image, trace.byteSize(), check, false);
    states.visitPoints(
        image,
        (event, pending, acknowledged) -> {
          StateWalk walk =
              new StateWalk(
                  pending,
                  image,
                  () -> {
                    long runs = judge.runs();
                    if (judge.judge(acknowledged).passed() && judge.runs() > runs) {
                      flipEachLine(judge, image, event, acknowledged);
                    }
                    return true;
                  });
          walk.run(states.limit(), states.seed());
          return true;
        });
  }

  private void flipEachLine(
      StateJudge judge, long[] image, int event, Acknowledgements acknowledged) {
    int[] words = Arrays.copyOf(judge.log().readWords, judge.log().reads);
    Set<Integer> lines = new HashSet<>();
    for (int word : words) {
      if (word >= 0 && lines.add(word / 8)) {
        int bit = random.nextInt(Long.SIZE);
        image[word] ^= 1L << bit;
        Verdict verdict = judge.run(acknowledged);
        image[word] ^= 1L << bit;
        count(verdict, word, bit, event);
      }
    }
  }

  private void count(Verdict verdict, int word, int bit, int event) {
    flips++;
    Throwable failure = verdict.failure();
    if (failure == null) {
      harmless++;
    } else if (detects.test(failure)) {
      detected++;
    } else if (undetected.size() < 20) {
      undetected.add(
          "crash before event "
              + event
              + ", bit "
              + bit
              + " of the word @"
              + (long) word * Long.BYTES
              + " flipped: "
              + failure);
    }
  }
}
