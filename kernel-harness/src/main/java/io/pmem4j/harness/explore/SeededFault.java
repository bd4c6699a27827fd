// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.Profile;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A fault that the production code has a switch for.
 *
 * @param name of the switch, see {@link io.pmem4j.sched.Scheduler#seeded}
 * @param origin the commit of Linux that made or mended it, or what it is
 * @param scenario ought to find it
 * @param profile whose handlers run
 * @param preemptions how many it needs at most
 */
public record SeededFault(
    String name, String origin, String scenario, Profile profile, int preemptions) {
  private static final int TWO = 2;

  /** Their names, and those of faults that only a claim of its own is tried with. */
  public static Set<String> names() {
    Set<String> names = new TreeSet<>(Set.of("mutex-under-page-lock"));
    all().forEach(each -> names.add(each.name()));
    return names;
  }

  /** All that a pair of operations can show. Those of fairness have tests of their own. */
  public static List<SeededFault> all() {
    return List.of(
        on5x("no-dax-sem", "before 5726b27b09cc: no lock at all", "fault-vs-truncate"),
        on5x(
            "lookup-before-entry-lock",
            "9f141d6ef625: the block is looked up before the entry is locked",
            "zero-page-vs-write"),
        on5x(
            "write-keeps-zero-pages",
            "before cd656375f946: write(2) leaves zeros in page tables",
            "zero-page-vs-write"),
        on5x("no-entry-lock", "before ac401cc78242: entries have no lock", "zero-page-vs-fault"),
        on5x(
            "writeback-keeps-writable",
            "before f729c8c9b24f: writing back leaves page tables writable",
            "write-hole+fsync"),
        onSeries(
            "pmd-joins-pages",
            "before e2093926a098: a fault for 2 MiB goes over entries for pages",
            "pmd-fault-vs-page-fault"),
        on5x("truncate-keeps-size", "the size stays", "zero-page-vs-truncate"),
        on5x("truncate-skips-unmap", "page tables stay", "read-fault-vs-truncate"),
        on5x("truncate-keeps-entries", "DAX entries stay", "read-fault-vs-truncate"),
        onSeries("truncate-keeps-trees", "blocks of pointers stay", "pmd-fault-vs-truncate"),
        onSeries(
            "pmd-entry-survives-truncate",
            "an entry for 2 MiB stays that begins before the new end",
            "pmd-fault-vs-partial-truncate"),
        on5x("tail-not-zeroed", "the rest of the last page stays", "fault-vs-partial-truncate"),
        on5x("no-zero-before-splice", "new blocks show old data", "fault-vs-fault"),
        on5x("block-leaked", "a freed block stays taken", "fault-vs-truncate"),
        on5x("zero-page-not-replaced", "zeros stay in page tables", "zero-page-vs-fault"),
        on5x("rwsem-ignores-readers", "a writer does not wait for readers", "fault-vs-truncate"),
        on5x("mutex-ignores-owner", "a mutex that two can hold", "fault-vs-fault"),
        blind(
            "tag-only-new-entries",
            "a store to a page that was loaded before leaves the entry clean",
            "pfn-mkwrite-vs-fsync"),
        blind(
            "flush-before-protect",
            "written back while it may still be stored to",
            "store-again-vs-fsync"),
        blind(
            "untag-after-unlock",
            "the entry is called clean when others may have stored again",
            "store-again-vs-fsync"),
        blind("splice-before-zero", "a new block is reached before it is cleared", "fault-vs-read"),
        blind("alloc-no-recheck", "who waited for the mutex allocates as well", "fault-vs-write"),
        blind(
            "boundary-page-kept",
            "truncation begins a page late if the size is whole pages",
            "read-fault-vs-truncate"),
        blind(
            "free-before-unmap",
            "blocks are free while page tables show them",
            "store-again-vs-truncate"),
        blind(
            "gate-no-recheck",
            "who saw the gate open goes in when it is closed",
            "fault-vs-frozen"),
        blind(
            "thaw-wakes-one", "of two that wait for a thaw one sleeps on", "freeze-vs-two-faults"),
        blind(
            "fork-copies-first",
            "a child gets its parent's entries before they are read-only",
            "copy-on-write-vs-fork"),
        blind(
            "enospc-keeps-pointers",
            "blocks of pointers stay taken when none is left for the data",
            "fault-vs-write-without-pointers"),
        blind(
            "size-checked-unlocked",
            "a fault compares the size before it takes dax_sem",
            "fault-vs-truncate"),
        new SeededFault(
            "tag-after-mkwrite",
            "written blind: the entry is unlocked before it is called dirty",
            "write-vs-load-and-store",
            Profile.SERIES,
            TWO + 1));
  }

  /** One that was thought of without a look at what has to find it. */
  private static SeededFault blind(String name, String origin, String scenario) {
    return on5x(name, "written blind: " + origin, scenario);
  }

  private static SeededFault on5x(String name, String origin, String scenario) {
    return new SeededFault(name, origin, scenario, Profile.LINUX_5_10, TWO);
  }

  private static SeededFault onSeries(String name, String origin, String scenario) {
    return new SeededFault(name, origin, scenario, Profile.SERIES, TWO);
  }
}
