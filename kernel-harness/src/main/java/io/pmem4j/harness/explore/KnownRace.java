// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.explore.scenario.Damage;
import java.util.List;

/**
 * A race that {@code dax_sem} prevents, between a fault and an operation that removes its page.
 *
 * @param id its number, in the order in which the races were first written down; with a prime, the
 *     same race on later handlers
 * @param what happens in it
 * @param scenario shows it
 * @param profile the handlers that have it
 * @param preemptions as many are needed
 * @param damage it does
 */
public record KnownRace(
    String id, String what, String scenario, Profile profile, int preemptions, Damage damage) {
  /** Returns the known races, each with the handlers that have it. */
  public static List<KnownRace> all() {
    return List.of(
        new KnownRace(
            "R1",
            "a block is looked up, truncated, given to another file, and the file is as large as"
                + " before when the size is checked again",
            "fault-vs-truncate-and-back",
            Profile.V4_4,
            2,
            Damage.FOREIGN_MAPPING),
        new KnownRace(
            "R2",
            "a fault looks a block up between the truncation's unmapping and its freeing",
            "fault-vs-truncate",
            Profile.LINUX_5_10,
            2,
            Damage.FOREIGN_MAPPING),
        new KnownRace(
            "R3",
            "R1 for 2 MiB: up to 512 blocks of other files",
            "pmd-fault-vs-truncate-and-back",
            Profile.V4_4,
            2,
            Damage.FOREIGN_MAPPING),
        new KnownRace(
            "R3'",
            "R2 for 2 MiB, over the bodies of 5.10",
            "pmd-fault-vs-truncate",
            Profile.SERIES,
            2,
            Damage.FOREIGN_MAPPING),
        new KnownRace(
            "R4",
            "page_mkwrite of a hole's page allocates while truncation waits for that page: a block"
                + " past EOF stays",
            "page-mkwrite-vs-truncate",
            Profile.V4_4,
            2,
            Damage.REFUSED_BY_E2FSCK),
        new KnownRace(
            "R5",
            "pfn_mkwrite, which on 5.10 runs the whole fault",
            "pfn-mkwrite-vs-truncate",
            Profile.LINUX_5_10,
            2,
            Damage.FOREIGN_MAPPING),
        new KnownRace(
            "R6",
            "a fault allocates after the truncation has freed: a block past EOF",
            "fault-vs-truncate",
            Profile.LINUX_5_10,
            2,
            Damage.MAPPED_PAST_EOF),
        new KnownRace(
            "R7",
            "a new block is cleared after it was looked up, when it is another file's already",
            "allocation-vs-truncate-and-back",
            Profile.V4_4,
            2,
            Damage.LOST_WRITE),
        new KnownRace(
            "R8",
            "a private store copies a block that another file has got meanwhile",
            "copy-on-write-vs-truncate",
            Profile.LINUX_5_10,
            3,
            Damage.FOREIGN_COPY));
  }
}
