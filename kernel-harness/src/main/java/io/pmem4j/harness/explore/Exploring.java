// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The scenarios, by name, over one medium. Not thread-safe. */
public final class Exploring implements AutoCloseable {
  /**
   * A scenario.
   *
   * @param name speaks, or is {@code OPERATION+OPERATION}
   * @param left what the first task does
   * @param right what the second does
   */
  public record Named(String name, Operation left, Operation right) {}

  private static final Map<String, Named> SPEAKING = new LinkedHashMap<>();

  static {
    speaking("fault-vs-truncate", Operation.WRITE_HOLE, Operation.TRUNCATE_DOWN);
    speaking("read-fault-vs-truncate", Operation.READ_BLOCK, Operation.TRUNCATE_DOWN);
    speaking("zero-page-vs-truncate", Operation.READ_HOLE, Operation.TRUNCATE_DOWN);
    speaking("pfn-mkwrite-vs-truncate", Operation.PFN_MKWRITE, Operation.TRUNCATE_DOWN);
    speaking("fault-vs-partial-truncate", Operation.WRITE_HOLE, Operation.TRUNCATE_PARTLY);
    speaking("fault-vs-open-truncating", Operation.WRITE_HOLE, Operation.OPEN_TRUNCATING);
    speaking("fault-vs-failed-write", Operation.WRITE_BLOCK, Operation.WRITE_NO_SPACE);
    speaking("fault-vs-write", Operation.WRITE_HOLE, Operation.WRITE);
    speaking("zero-page-vs-write", Operation.READ_HOLE, Operation.WRITE);
    speaking("zero-page-vs-fault", Operation.READ_HOLE, Operation.WRITE_HOLE);
    speaking("fault-vs-fault", Operation.WRITE_HOLE, Operation.WRITE_HOLE);
    speaking("pfn-mkwrite-vs-fsync", Operation.PFN_MKWRITE, Operation.FSYNC);
    speaking("fault-vs-unlink", Operation.WRITE_HOLE, Operation.UNLINK);
  }

  private static void speaking(String name, Operation left, Operation right) {
    SPEAKING.put(name, new Named(name, left, right));
  }

  private final Medium medium;
  private final MountOptions options;

  private Exploring(Medium medium, MountOptions options) {
    this.medium = medium;
    this.options = options;
  }

  /**
   * Makes the medium.
   *
   * @param profile the fault handlers
   * @param order the locks they take
   */
  public static Exploring open(Profile profile, LockOrder order) throws IOException {
    try {
      MountOptions options =
          MountOptions.parse("dax,oldalloc,noatime,noreservation")
              .withProfile(profile)
              .withLockOrder(order);
      Medium medium = Medium.make();
      World.found(medium, options);
      return new Exploring(medium, options);
    } catch (Ext2Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Those with a name that speaks. */
  public static List<Named> speaking() {
    return List.copyOf(SPEAKING.values());
  }

  /** Every pair of operations, also of one with itself. */
  public static List<Named> pairs() {
    List<Named> pairs = new ArrayList<>();
    Operation[] all = Operation.values();
    for (int i = 0; i < all.length; i++) {
      for (int k = i; k < all.length; k++) {
        // Only one task can take the name away.
        if (i != k || all[i].kind() != Operation.Kind.GOES) {
          pairs.add(new Named(all[i].label() + "+" + all[k].label(), all[i], all[k]));
        }
      }
    }
    return pairs;
  }

  /** The scenario of a name; both kinds of name are known. */
  public static Optional<Named> named(String name) {
    Named speaking = SPEAKING.get(name);
    return speaking != null
        ? Optional.of(speaking)
        : pairs().stream().filter(pair -> pair.name().equals(name)).findFirst();
  }

  /** Explores one scenario. */
  public Exploration explore(Named scenario, Explorer explorer) {
    return explorer.explore(pair(scenario));
  }

  /** Runs one schedule. */
  public Optional<Finding> replay(Named scenario, Explorer explorer, Schedule schedule) {
    return explorer.replay(pair(scenario), schedule);
  }

  private Pair pair(Named scenario) {
    return new Pair(medium, options, scenario.left(), scenario.right());
  }

  /** How many different images the runs have left, each of them judged by e2fsck. */
  public int imagesJudged() {
    return medium.imagesSeen();
  }

  @Override
  public void close() {
    medium.close();
  }
}
