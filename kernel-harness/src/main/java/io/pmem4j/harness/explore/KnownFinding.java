// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockOrderViolation;
import io.pmem4j.ext2.lock.LockReport;
import io.pmem4j.harness.explore.scenario.Damage;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A known finding of the explorer that is true of the kernel, or of the handlers of a profile.
 *
 * @param id its name
 * @param what it is, and where it comes from
 * @param profiles that have it
 * @param order the lock order that has it; null if all have
 * @param one of its two operations
 * @param others the other one: any of these
 * @param damage true of findings that show it
 * @param huge whether 2 MiB at once are needed
 * @param preemptions as many are needed
 */
public record KnownFinding(
    String id,
    String what,
    Set<Profile> profiles,
    @Nullable LockOrder order,
    String one,
    Set<String> others,
    Predicate<Finding> damage,
    boolean huge,
    int preemptions) {
  private static final List<KnownFinding> ALL =
      List.of(
          new KnownFinding(
              "S1",
              "pfn_mkwrite of the series tags the entry and leaves the page table to the core: what"
                  + " is written back in between is clean and still gets writable. Linux closed it"
                  + " in 4.10, by changing the page table under the entry's lock (2f89dc12a25d)",
              EnumSet.of(Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "pfn-mkwrite",
              Set.of("fsync", "msync", "freeze-thaw"),
              shows(Damage.UNDURABLE_STORE)),
          new KnownFinding(
              "D1",
              "truncation into 2 MiB that one entry maps removes the entry, and with it the only"
                  + " word that the part that stays is dirty: fsync writes nothing back. No race: no"
                  + " lock of the series helps",
              EnumSet.of(Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "write-block",
              Set.of("truncate-partly"),
              shows(Damage.UNDURABLE_STORE),
              true,
              0),
          new KnownFinding(
              "S2",
              "pfn_mkwrite of the series checks the entry and not the page table, where over"
                  + " the bodies of 5.10 the page of zeros may be left while the entry is a block's"
                  + " already: the core makes that page writable. In 2015 holes had pages of their"
                  + " own, which come to page_mkwrite",
              EnumSet.of(Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "page-mkwrite",
              Set.of("write"),
              shows(Damage.LOST_STORE),
              false,
              2),
          new KnownFinding(
              "S2",
              "the same where the load that maps the page of zeros is a part of it",
              EnumSet.of(Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "load-and-store",
              Set.of("write"),
              shows(Damage.LOST_STORE),
              false,
              2),
          new KnownFinding(
              "R9",
              "a device stores to a page that truncation has freed and another file has got: ext2"
                  + " waits for no pinned page, and no lock of the series helps",
              EnumSet.allOf(Profile.class),
              null,
              "gup-store",
              Set.of("truncate-down", "open-truncating", "truncate-and-back"),
              shows(Damage.FOREIGN_STORE)),
          new KnownFinding(
              "R9 (read)",
              "the same for a device that reads",
              EnumSet.allOf(Profile.class),
              null,
              "gup-read",
              Set.of("truncate-down", "open-truncating", "truncate-and-back"),
              shows(Damage.FOREIGN_READ)),
          new KnownFinding(
              "R9 (frozen)",
              "a device stores through a page that it pinned before the freeze: freezing waits for"
                  + " faults and writes back, and asks for no pin",
              EnumSet.allOf(Profile.class),
              null,
              "gup-store",
              Set.of("freeze-thaw"),
              shows(Damage.STORE_WHILE_FROZEN),
              false,
              2),
          new KnownFinding(
              "H1",
              "a load maps the page of a hole while a store or write(2) gives it a block. Linux"
                  + " closed it in 4.7, with locks of entries (ac401cc78242)",
              EnumSet.of(Profile.V4_4),
              null,
              "read-hole",
              Set.of("write-hole", "write"),
              shows(Damage.STALE_ZEROS)),
          new KnownFinding(
              "H2",
              "of two that allocate a block, the second clears what the first has stored: it was"
                  + " known since 843172978bb9, whose lock did not stay",
              EnumSet.of(Profile.V4_4),
              null,
              "write-hole",
              Set.of("write-hole", "page-mkwrite", "write"),
              shows(Damage.LOST_STORE)),
          new KnownFinding(
              "H2",
              "the same where the hole's page was mapped before",
              EnumSet.of(Profile.V4_4),
              null,
              "page-mkwrite",
              Set.of("page-mkwrite", "write"),
              shows(Damage.LOST_STORE)),
          new KnownFinding(
              "W1",
              "write(2) into a hole removes the entry first and unmaps the page of zeros later; a"
                  + " store to that page meanwhile faults again and again, until write(2) goes on:"
                  + " no end under a scheduler that never lets it",
              EnumSet.of(Profile.LINUX_5_10, Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "page-mkwrite",
              Set.of("write"),
              finding -> finding.kind() == Finding.Kind.ENDLESS),
          new KnownFinding(
              "W1",
              "the same where the load that maps the page of zeros is a part of it",
              EnumSet.of(Profile.LINUX_5_10, Profile.SERIES, Profile.BEFORE_SERIES),
              null,
              "load-and-store",
              Set.of("write"),
              finding -> finding.kind() == Finding.Kind.ENDLESS,
              false,
              2),
          new KnownFinding(
              "P1",
              "dax_sem outside of freeze protection contradicts the eviction of a deleted inode,"
                  + " which takes it inside: a circle of classes, which lockdep names as well, and"
                  + " which no two tasks were seen to close",
              EnumSet.allOf(Profile.class),
              LabOrders.POSTED,
              "freeze-thaw",
              Set.of("unlink"),
              finding ->
                  isCircle(
                      finding, LockClass.DAX_SEM, LockClass.SB_PAGEFAULT, LockClass.SB_INTERNAL)));

  private KnownFinding(
      String id,
      String what,
      Set<Profile> profiles,
      @Nullable LockOrder order,
      String one,
      Set<String> others,
      Predicate<Finding> damage) {
    this(id, what, profiles, order, one, others, damage, false, 1);
  }

  /** Which one a finding is, if any. */
  static Optional<KnownFinding> of(
      Profile profile, LockOrder order, NamedScenario scenario, Finding finding) {
    return ALL.stream()
        .filter(known -> known.isOf(profile, order, scenario) && known.damage.test(finding))
        .findFirst();
  }

  /** Returns the known findings that a scenario must show; a missing one is reported. */
  static List<KnownFinding> expected(
      Profile profile, LockOrder order, NamedScenario scenario, int preemptions) {
    return ALL.stream()
        .filter(known -> known.preemptions <= preemptions)
        .filter(known -> known.huge == scenario.huge() && known.isOf(profile, order, scenario))
        .toList();
  }

  private boolean isOf(Profile profile, LockOrder under, NamedScenario scenario) {
    return profiles.contains(profile)
        && (!huge || scenario.huge())
        && (order == null || order.equals(under))
        && isIn(scenario.operations());
  }

  private static Predicate<Finding> shows(Damage damage) {
    return damage::isShownBy;
  }

  private static boolean isCircle(Finding finding, LockClass... chain) {
    return finding.cause() instanceof LockOrderViolation violation
        && violation
            .report()
            .filter(report ->
                report.kind() == LockReport.Kind.CIRCULAR && report.chain().equals(List.of(chain)))
            .isPresent();
  }

  private boolean isIn(List<String> operations) {
    for (int i = 0; i < operations.size(); i++) {
      for (int j = 0; j < operations.size(); j++) {
        if (i != j && one.equals(operations.get(i)) && others.contains(operations.get(j))) {
          return true;
        }
      }
    }
    return false;
  }
}
