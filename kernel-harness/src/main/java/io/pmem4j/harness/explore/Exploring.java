// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The scenarios, by name, over one medium. Not thread-safe. */
public final class Exploring implements AutoCloseable {
  /**
   * A scenario.
   *
   * @param name speaks, or is {@code OPERATION+OPERATION}
   * @param left what the first task does
   * @param right what the second does
   * @param third what the third does, if there is one
   * @param huge whether the file is 2 MiB that can be mapped at once
   * @param durability whether it is judged what fsync and its like promise
   */
  public record Named(
      String name,
      Operation left,
      Operation right,
      @Nullable Operation third,
      boolean huge,
      boolean durability) {
    Named(String name, Operation left, Operation right, boolean huge) {
      this(name, left, right, null, huge, false);
    }

    /** The operations, as in {@code write-hole+truncate-down}. */
    public String what() {
      return operations().stream().map(Operation::label).collect(Collectors.joining("+"));
    }

    List<Operation> operations() {
      Operation more = third;
      return more == null ? List.of(left, right) : List.of(left, right, more);
    }

    Shape shape() {
      return huge ? Shape.HUGE : Shape.SMALL;
    }
  }

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
    speaking("copy-on-write-vs-truncate", Operation.COPY_ON_WRITE, Operation.TRUNCATE_DOWN);
    speaking("fault-vs-truncate-and-back", Operation.READ_BLOCK, Operation.TRUNCATE_AND_BACK);
    speaking("allocation-vs-truncate-and-back", Operation.WRITE_HOLE, Operation.TRUNCATE_AND_BACK);
    speaking("page-mkwrite-vs-truncate", Operation.PAGE_MKWRITE, Operation.TRUNCATE_DOWN);
    huge("pmd-fault-vs-truncate-and-back", Operation.READ_BLOCK, Operation.TRUNCATE_AND_BACK);
    speaking("gup-vs-truncate", Operation.GUP_STORE, Operation.TRUNCATE_DOWN);
    speaking("gup-read-vs-truncate", Operation.GUP_READ, Operation.TRUNCATE_DOWN);
    speaking("freeze-vs-fault", Operation.WRITE_BLOCK, Operation.FREEZE_LOOKING);
    huge("pmd-fault-vs-truncate", Operation.WRITE_BLOCK, Operation.TRUNCATE_DOWN);
    huge("pmd-read-fault-vs-truncate", Operation.READ_BLOCK, Operation.TRUNCATE_DOWN);
    huge("pmd-mkwrite-vs-truncate", Operation.PFN_MKWRITE, Operation.TRUNCATE_DOWN);
    huge("pmd-fault-vs-partial-truncate", Operation.WRITE_BLOCK, Operation.TRUNCATE_PARTLY);
    huge("pmd-fault-vs-pmd-fault", Operation.WRITE_BLOCK, Operation.READ_BLOCK);
    speaking("fault-vs-read", Operation.WRITE_HOLE, Operation.READ);
    speaking("fault-vs-frozen", Operation.WRITE_HOLE, Operation.FREEZE_WATCHING);
    speaking("store-again-vs-fsync", Operation.STORE_AGAIN, Operation.FSYNC);
    speaking("store-again-vs-truncate", Operation.STORE_AGAIN, Operation.TRUNCATE_DOWN);
    huge("pmd-fault-vs-page-fault", Operation.READ_BLOCK, Operation.WRITE_SHORTLY);
    huge("pmd-mkwrite-vs-fsync", Operation.PFN_MKWRITE, Operation.FSYNC);
    speaking("copy-on-write-vs-fork", Operation.COPY_ON_WRITE, Operation.FORK);
    speaking("fault-vs-write-without-pointers", Operation.WRITE_HOLE, Operation.WRITE_INDIRECT);
    speaking("write-vs-load-and-store", Operation.WRITE, Operation.LOAD_AND_STORE);
    three(
        "freeze-vs-two-faults", Operation.FREEZE_THAW, Operation.WRITE_HOLE, Operation.WRITE_BLOCK);
    three(
        "freeze-vs-fault-vs-eviction",
        Operation.FREEZE_ELSEWHERE,
        Operation.STORE_AND_LEAVE,
        Operation.UNLINK);
    durable("fsync-vs-fsync", Operation.FSYNC, Operation.FSYNC);
    durable("fsync-vs-fsync-of-pointers", Operation.FSYNC_FAR, Operation.FSYNC);
    durable("fsync-vs-fsync-two-files", Operation.FSYNC, Operation.FSYNC_B);
    durable("fsync-vs-sync", Operation.FSYNC, Operation.SYNC);
    durable("fsync-of-pointers-vs-sync", Operation.FSYNC_FAR, Operation.SYNC);
    durable("sync-vs-sync", Operation.SYNC, Operation.SYNC);
    durable("sync-vs-write", Operation.WRITE, Operation.SYNC);
    durable("write-vs-fsync", Operation.WRITE, Operation.FSYNC);
    durable("write-vs-fsync-two-files", Operation.WRITE_B, Operation.FSYNC);
    durable("write-far-vs-fsync", Operation.WRITE_FAR, Operation.FSYNC);
    durable("synced-write-vs-fsync", Operation.WRITE_SYNCED, Operation.FSYNC);
    durable("msync-vs-fsync", Operation.MSYNC, Operation.FSYNC);
    durable("fault-vs-fsync", Operation.WRITE_HOLE, Operation.FSYNC);
    durable("freeze-vs-fsync", Operation.FSYNC, Operation.FREEZE_THAW);
    durable("freeze-vs-write", Operation.WRITE, Operation.FREEZE_THAW);
    durable("truncate-vs-fsync", Operation.TRUNCATE_DOWN, Operation.FSYNC);
  }

  private static void durable(String name, Operation left, Operation right) {
    SPEAKING.put(name, new Named(name, left, right, null, false, true));
  }

  private static void speaking(String name, Operation left, Operation right) {
    SPEAKING.put(name, new Named(name, left, right, false));
  }

  private static void three(String name, Operation left, Operation right, Operation third) {
    SPEAKING.put(name, new Named(name, left, right, third, false, false));
  }

  private static void huge(String name, Operation left, Operation right) {
    SPEAKING.put(name, new Named(name, left, right, true));
  }

  /** Several times what the longest pair takes. */
  private static final int MAX_STEPS = 1200;

  private final MountOptions options;
  private final Map<Shape, Medium> media = new HashMap<>();

  private Exploring(MountOptions options) {
    this.options = options;
  }

  /**
   * Ready to explore. Without {@code dax_sem} a broken promise of truncation is no finding: it
   * would hide the damage that comes of it.
   *
   * @param profile the fault handlers
   * @param order the locks they take
   */
  public static Exploring open(Profile profile, LockOrder order) {
    return open(profile, order, !order.equals(LockOrder.NO_DAX_SEM));
  }

  /**
   * Ready to explore.
   *
   * @param promises whether it is a finding when truncation or a handler breaks its promise, also
   *     if no damage comes of it
   */
  public static Exploring open(Profile profile, LockOrder order, boolean promises) {
    try {
      return new Exploring(
          MountOptions.parse("dax,oldalloc,noatime,noreservation")
              .withProfile(profile)
              .withLockOrder(order)
              .withIsolationChecks(promises));
    } catch (Ext2Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Those with a name that speaks. */
  public static List<Named> speaking() {
    return List.copyOf(SPEAKING.values());
  }

  /**
   * Every pair of operations, also of one with itself.
   *
   * @param profile decides whether there are faults for 2 MiB
   */
  public static List<Named> pairs(Profile profile) {
    List<Named> pairs = new ArrayList<>();
    List<Operation> all = Operation.all();
    for (int i = 0; i < all.size(); i++) {
      for (Operation right : all.subList(i, all.size())) {
        Operation left = all.get(i);
        // Only one task can take the name away, and only one can freeze.
        if (left != right || left.canMeetItself()) {
          pairs.add(of(left, right, false));
        }
      }
    }
    if (profile.fourHandlers()) {
      for (Operation each : all) {
        pairs.add(of(Operation.WRITE_BLOCK, each, true));
      }
    }
    return pairs;
  }

  /** Those in which it is judged what fsync and its like promise. */
  public static List<Named> durability() {
    return SPEAKING.values().stream().filter(Named::durability).toList();
  }

  static Named of(Operation left, Operation right, boolean huge) {
    String name = left.label() + "+" + right.label();
    return new Named(huge ? "pmd-" + name : name, left, right, huge);
  }

  /** The scenario of a name; both kinds of name are known. */
  public static Optional<Named> named(String name) {
    Named speaking = SPEAKING.get(name);
    return speaking != null
        ? Optional.of(speaking)
        : pairs(Profile.SERIES).stream().filter(pair -> pair.name().equals(name)).findFirst();
  }

  /** Explores one scenario. */
  public Exploration explore(Named scenario, Explorer explorer) throws IOException {
    Meeting meeting = meeting(scenario);
    Explorer bounded = explorer.withMaxSteps(MAX_STEPS);
    Exploration found = bounded.explore(meeting);
    return new Exploration(
        found.schedules(),
        found.steps(),
        found.complete(),
        found.findings().stream().map(each -> located(bounded, meeting, each)).toList(),
        found.nanos());
  }

  /** Runs one schedule. */
  public Optional<Finding> replay(Named scenario, Explorer explorer, Schedule schedule)
      throws IOException {
    Meeting meeting = meeting(scenario);
    Explorer bounded = explorer.withMaxSteps(MAX_STEPS);
    return bounded.replay(meeting, schedule).map(found -> located(bounded, meeting, found));
  }

  /** With the methods of the file system that it went through. */
  private static Finding located(Explorer explorer, Meeting meeting, Finding finding) {
    return explorer.annotate(
        meeting,
        finding,
        type -> type.startsWith("io.pmem4j.ext2.") && !type.startsWith("io.pmem4j.ext2.lock."));
  }

  /** What an operation announces when it runs alone. */
  List<Step> alone(Operation operation, boolean huge) throws IOException {
    Meeting pair = meeting(of(operation, operation, huge));
    return Explorer.bounded(0).trace(pair.leftAlone(), Schedule.parse("")).steps();
  }

  private Meeting meeting(Named scenario) throws IOException {
    Shape shape = scenario.shape();
    return new Meeting(medium(shape), shape, options, scenario.operations(), scenario.durability());
  }

  private Medium medium(Shape shape) throws IOException {
    Medium known = media.get(shape);
    if (known == null) {
      known = Medium.make(shape.imageBlocks());
      media.put(shape, known);
      try {
        World.found(known, shape, options);
      } catch (Ext2Exception e) {
        throw new IllegalStateException("the files of the scenarios cannot be made", e);
      }
    }
    return known;
  }

  /** How many different images the runs have left, each of them judged by e2fsck. */
  public int imagesJudged() {
    return media.values().stream().mapToInt(Medium::imagesSeen).sum();
  }

  @Override
  public void close() {
    media.values().forEach(Medium::close);
  }
}
