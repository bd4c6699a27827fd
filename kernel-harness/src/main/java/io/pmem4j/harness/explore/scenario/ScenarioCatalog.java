// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static io.pmem4j.harness.explore.scenario.ScenarioOperation.COPY_ON_WRITE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FORK;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FREEZE_CHECK_LOCKS;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FREEZE_CHECK_STORES;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FREEZE_ELSEWHERE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FREEZE_THAW;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FSYNC;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FSYNC_B;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.FSYNC_FAR;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.GUP_READ;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.GUP_STORE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.LOAD_AND_STORE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.MSYNC;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.OPEN_TRUNCATING;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.PAGE_MKWRITE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.PFN_MKWRITE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.READ;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.READ_BLOCK;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.READ_HOLE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.STORE_AGAIN;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.STORE_AND_LEAVE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.SYNC;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.TRUNCATE_AND_BACK;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.TRUNCATE_DOWN;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.TRUNCATE_PARTLY;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.UNLINK;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_B;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_BLOCK;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_FAR;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_HOLE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_INDIRECT;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_NO_SPACE;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_SHORT_MAPPING;
import static io.pmem4j.harness.explore.scenario.ScenarioOperation.WRITE_SYNCED;

import io.pmem4j.ext2.lab.Profile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The catalog of scenarios: those with a name of their own, and every pair of operations. */
public final class ScenarioCatalog {
  private static final Map<String, NamedScenario> NAMED = new LinkedHashMap<>();

  static {
    pair("fault-vs-truncate", WRITE_HOLE, TRUNCATE_DOWN);
    pair("read-fault-vs-truncate", READ_BLOCK, TRUNCATE_DOWN);
    pair("zero-page-vs-truncate", READ_HOLE, TRUNCATE_DOWN);
    pair("pfn-mkwrite-vs-truncate", PFN_MKWRITE, TRUNCATE_DOWN);
    pair("fault-vs-partial-truncate", WRITE_HOLE, TRUNCATE_PARTLY);
    pair("fault-vs-open-truncating", WRITE_HOLE, OPEN_TRUNCATING);
    pair("fault-vs-failed-write", WRITE_BLOCK, WRITE_NO_SPACE);
    pair("fault-vs-write", WRITE_HOLE, WRITE);
    pair("zero-page-vs-write", READ_HOLE, WRITE);
    pair("zero-page-vs-fault", READ_HOLE, WRITE_HOLE);
    pair("fault-vs-fault", WRITE_HOLE, WRITE_HOLE);
    pair("pfn-mkwrite-vs-fsync", PFN_MKWRITE, FSYNC);
    pair("fault-vs-unlink", WRITE_HOLE, UNLINK);
    pair("copy-on-write-vs-truncate", COPY_ON_WRITE, TRUNCATE_DOWN);
    pair("fault-vs-truncate-and-back", READ_BLOCK, TRUNCATE_AND_BACK);
    pair("allocation-vs-truncate-and-back", WRITE_HOLE, TRUNCATE_AND_BACK);
    pair("page-mkwrite-vs-truncate", PAGE_MKWRITE, TRUNCATE_DOWN);
    huge("pmd-fault-vs-truncate-and-back", READ_BLOCK, TRUNCATE_AND_BACK);
    pair("gup-vs-truncate", GUP_STORE, TRUNCATE_DOWN);
    pair("gup-read-vs-truncate", GUP_READ, TRUNCATE_DOWN);
    pair("freeze-vs-fault", WRITE_BLOCK, FREEZE_CHECK_LOCKS);
    huge("pmd-fault-vs-truncate", WRITE_BLOCK, TRUNCATE_DOWN);
    huge("pmd-read-fault-vs-truncate", READ_BLOCK, TRUNCATE_DOWN);
    huge("pmd-mkwrite-vs-truncate", PFN_MKWRITE, TRUNCATE_DOWN);
    huge("pmd-fault-vs-partial-truncate", WRITE_BLOCK, TRUNCATE_PARTLY);
    huge("pmd-fault-vs-pmd-fault", WRITE_BLOCK, READ_BLOCK);
    pair("fault-vs-read", WRITE_HOLE, READ);
    pair("fault-vs-frozen", WRITE_HOLE, FREEZE_CHECK_STORES);
    pair("store-again-vs-fsync", STORE_AGAIN, FSYNC);
    pair("store-again-vs-truncate", STORE_AGAIN, TRUNCATE_DOWN);
    huge("pmd-fault-vs-page-fault", READ_BLOCK, WRITE_SHORT_MAPPING);
    huge("pmd-mkwrite-vs-fsync", PFN_MKWRITE, FSYNC);
    pair("copy-on-write-vs-fork", COPY_ON_WRITE, FORK);
    pair("fault-vs-write-without-pointers", WRITE_HOLE, WRITE_INDIRECT);
    pair("write-vs-load-and-store", WRITE, LOAD_AND_STORE);
    three("freeze-vs-two-faults", FREEZE_THAW, WRITE_HOLE, WRITE_BLOCK);
    three("freeze-vs-fault-vs-eviction", FREEZE_ELSEWHERE, STORE_AND_LEAVE, UNLINK);
    durable("fsync-vs-fsync", FSYNC, FSYNC);
    durable("fsync-vs-fsync-of-pointers", FSYNC_FAR, FSYNC);
    durable("fsync-vs-fsync-two-files", FSYNC, FSYNC_B);
    durable("fsync-vs-sync", FSYNC, SYNC);
    durable("fsync-of-pointers-vs-sync", FSYNC_FAR, SYNC);
    durable("sync-vs-sync", SYNC, SYNC);
    durable("sync-vs-write", WRITE, SYNC);
    durable("write-vs-fsync", WRITE, FSYNC);
    durable("write-vs-fsync-two-files", WRITE_B, FSYNC);
    durable("write-far-vs-fsync", WRITE_FAR, FSYNC);
    durable("synced-write-vs-fsync", WRITE_SYNCED, FSYNC);
    durable("msync-vs-fsync", MSYNC, FSYNC);
    durable("fault-vs-fsync", WRITE_HOLE, FSYNC);
    durable("freeze-vs-fsync", FSYNC, FREEZE_THAW);
    durable("freeze-vs-write", WRITE, FREEZE_THAW);
    durable("truncate-vs-fsync", TRUNCATE_DOWN, FSYNC);
  }

  private ScenarioCatalog() {}

  private static void durable(String name, ScenarioOperation left, ScenarioOperation right) {
    NAMED.put(name, new NamedScenario(name, left, right, null, false, true));
  }

  private static void pair(String name, ScenarioOperation left, ScenarioOperation right) {
    NAMED.put(name, new NamedScenario(name, left, right, false));
  }

  private static void three(
      String name, ScenarioOperation left, ScenarioOperation right, ScenarioOperation third) {
    NAMED.put(name, new NamedScenario(name, left, right, third, false, false));
  }

  private static void huge(String name, ScenarioOperation left, ScenarioOperation right) {
    NAMED.put(name, new NamedScenario(name, left, right, true));
  }

  /** Returns the scenarios that have a name of their own. */
  public static List<NamedScenario> named() {
    return List.copyOf(NAMED.values());
  }

  /**
   * Returns every pair of operations, including an operation paired with itself.
   *
   * @param profile the fault handlers; if they have PMD faults, the pairs on 2 MiB are included
   */
  public static List<NamedScenario> pairs(Profile profile) {
    List<NamedScenario> pairs = new ArrayList<>();
    List<ScenarioOperation> all = ScenarioOperation.all();
    for (int i = 0; i < all.size(); i++) {
      for (ScenarioOperation right : all.subList(i, all.size())) {
        ScenarioOperation left = all.get(i);
        // Only one task can unlink the name, and only one can freeze.
        if (left != right || left.canPairWithItself()) {
          pairs.add(of(left, right, false));
        }
      }
    }
    if (profile.fourHandlers()) {
      for (ScenarioOperation each : all) {
        pairs.add(of(WRITE_BLOCK, each, true));
      }
    }
    return pairs;
  }

  /** Returns the scenarios that check the promises of fsync and the other durability calls. */
  public static List<NamedScenario> durability() {
    return NAMED.values().stream().filter(NamedScenario::durability).toList();
  }

  /** Returns the scenario of two operations, named by their labels. */
  public static NamedScenario of(ScenarioOperation left, ScenarioOperation right, boolean huge) {
    String name = left.label() + "+" + right.label();
    return new NamedScenario(huge ? "pmd-" + name : name, left, right, huge);
  }

  /** Returns the scenario with this name, or with these labels as {@code OPERATION+OPERATION}. */
  public static Optional<NamedScenario> find(String name) {
    NamedScenario named = NAMED.get(name);
    return named != null
        ? Optional.of(named)
        : pairs(Profile.SERIES).stream().filter(pair -> pair.name().equals(name)).findFirst();
  }
}
