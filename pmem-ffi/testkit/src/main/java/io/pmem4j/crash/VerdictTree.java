// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdicts of a deterministic check by what it reads: a tree whose node is the word read next
 * and whose branches are the values found. States that the check cannot tell apart lead to the same
 * leaf, so they are judged once.
 */
final class VerdictTree {
  /** The limit of nodes, which bounds memory; later verdicts are not kept. */
  private static final int MAX_NODES = 4_000_000;

  private sealed interface Branch permits Node, Leaf {}

  private record Leaf(Verdict verdict) implements Branch {}

  private static final class Node implements Branch {
    final int word;
    long onlyValue;
    @Nullable Branch only;
    @Nullable Map<Long, Branch> others;

    Node(int word) {
      this.word = word;
    }

    @Nullable Branch get(long value) {
      if (only != null && onlyValue == value) {
        return only;
      }
      return others == null ? null : others.get(value);
    }

    void put(long value, Branch branch) {
      if (only == null || onlyValue == value) {
        only = branch;
        onlyValue = value;
      } else {
        if (others == null) {
          others = new HashMap<>();
        }
        others.put(value, branch);
      }
    }
  }

  private @Nullable Branch root;
  private int nodes;

  /** Returns the verdict of a state, or null if the check has to run. */
  @Nullable Verdict find(long[] image, int acknowledgements) {
    Branch at = root;
    while (at instanceof Node node) {
      at = node.get(node.word < 0 ? acknowledgements : image[node.word]);
    }
    return at instanceof Leaf leaf ? leaf.verdict() : null;
  }

  /** Adds the verdict of a run that made these reads. */
  void add(StateAccess.Log reads, Verdict verdict) {
    if (nodes > MAX_NODES) {
      return;
    }
    Branch at = root;
    Node above = null;
    long value = 0;
    for (int i = 0; i < reads.reads; i++) {
      if (at == null) {
        at = new Node(reads.readWords[i]);
        nodes++;
        hang(above, value, at);
      }
      if (!(at instanceof Node node) || node.word != reads.readWords[i]) {
        throw NotDeterministicException.atRead(reads.readWords[i]);
      }
      above = node;
      value = reads.readValues[i];
      at = node.get(value);
    }
    hang(above, value, new Leaf(verdict));
  }

  private void hang(@Nullable Node above, long value, Branch branch) {
    if (above == null) {
      root = branch;
    } else {
      above.put(value, branch);
    }
  }
}
