// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdicts of a deterministic check by what it reads. A branch has the words that one run read,
 * in order, and the values found; another branch leaves it where a run found another value. States
 * that the check cannot tell apart lead to the same end, so they are judged once.
 */
final class VerdictTree {
  /** The limit of words, which bounds memory; later verdicts are not kept. */
  private static final int MAX_WORDS = 8_000_000;

  private static final class Branch {
    final int[] words;
    final long[] values;
    final Verdict verdict;
    @Nullable Map<Integer, Map<Long, Branch>> others;

    Branch(StateAccess.Log reads, int from, Verdict verdict) {
      this.words = Arrays.copyOfRange(reads.readWords, from, reads.reads);
      this.values = Arrays.copyOfRange(reads.readValues, from, reads.reads);
      this.verdict = verdict;
    }

    @Nullable Branch other(int place, long value) {
      Map<Long, Branch> here = others == null ? null : others.get(place);
      return here == null ? null : here.get(value);
    }

    void add(int place, long value, Branch branch) {
      if (others == null) {
        others = new HashMap<>();
      }
      others.computeIfAbsent(place, _ -> new HashMap<>()).put(value, branch);
    }
  }

  /** Gets the words that lead to a verdict. */
  @FunctionalInterface
  interface Reader {
    /** Gets one word; {@link StateAccess#ACKNOWLEDGEMENTS} stands for the acknowledgements. */
    void read(int word, long value);
  }

  private @Nullable Branch root;
  private int size;

  /** Returns the verdict of a state, or null if the check has to run. */
  @Nullable Verdict find(long[] image, int acknowledgements) {
    Branch branch = root;
    int place = 0;
    while (branch != null && place < branch.words.length) {
      int word = branch.words[place];
      long value = word < 0 ? acknowledgements : image[word];
      if (value == branch.values[place]) {
        place++;
      } else {
        branch = branch.other(place, value);
        place = 0;
      }
    }
    return branch == null ? null : branch.verdict;
  }

  /** Passes on what the check reads in a state whose verdict is known. */
  void read(long[] image, int acknowledgements, Reader reader) {
    Branch branch = root;
    int place = 0;
    while (branch != null && place < branch.words.length) {
      int word = branch.words[place];
      long value = word < 0 ? acknowledgements : image[word];
      reader.read(word, value);
      if (value == branch.values[place]) {
        place++;
      } else {
        branch = branch.other(place, value);
        place = 0;
      }
    }
  }

  /**
   * Adds the verdict of a run that made these reads.
   *
   * @return false if it was known, or is not kept
   * @throws NotDeterministicException if a run with equal reads went on in another way
   */
  boolean add(StateAccess.Log reads, Verdict verdict) {
    if (size > MAX_WORDS) {
      return false;
    }
    if (root == null) {
      root = branch(reads, 0, verdict);
      return true;
    }
    Branch branch = root;
    int place = 0;
    for (int i = 0; i < reads.reads; i++) {
      if (place == branch.words.length || branch.words[place] != reads.readWords[i]) {
        throw NotDeterministicException.atRead(reads.readWords[i]);
      }
      long value = reads.readValues[i];
      if (value == branch.values[place]) {
        place++;
        continue;
      }
      Branch other = branch.other(place, value);
      if (other == null) {
        branch.add(place, value, branch(reads, i + 1, verdict));
        return true;
      }
      branch = other;
      place = 0;
    }
    if (place < branch.words.length) {
      throw NotDeterministicException.atEnd(branch.words[place]);
    }
    return false;
  }

  private Branch branch(StateAccess.Log reads, int from, Verdict verdict) {
    size += reads.reads - from;
    return new Branch(reads, from, verdict);
  }
}
