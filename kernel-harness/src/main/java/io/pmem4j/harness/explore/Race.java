// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.Profile;
import java.util.List;

/**
 * A race between a fault and what takes its page away, which {@code dax_sem} prevents.
 *
 * @param id its number, in the order in which the races were first written down
 * @param what happens in it
 * @param scenario shows it
 * @param profile the handlers that have it
 * @param preemptions as many are needed
 * @param damage what is seen in the end, as a finding says it
 */
public record Race(
    String id, String what, String scenario, Profile profile, int preemptions, String damage) {
  private static final String ANOTHER_FILE = "a mapping shows what another file holds";
  private static final String BEHIND_THE_END =
      "a page table shows a page behind the end of the file";

  /** Those known, each on the handlers that have it. */
  public static List<Race> all() {
    return List.of(
        new Race(
            "R2",
            "a fault looks a block up between the truncation's unmapping and its freeing",
            "fault-vs-truncate",
            Profile.LINUX_5_10,
            2,
            ANOTHER_FILE),
        new Race(
            "R3",
            "the same for 2 MiB, over the bodies of 5.10: up to 512 blocks of other files",
            "pmd-fault-vs-truncate",
            Profile.SERIES,
            2,
            ANOTHER_FILE),
        new Race(
            "R5",
            "pfn_mkwrite, which on 5.10 runs the whole fault",
            "pfn-mkwrite-vs-truncate",
            Profile.LINUX_5_10,
            2,
            ANOTHER_FILE),
        new Race(
            "R6",
            "a fault allocates after the truncation has freed: a block behind the end",
            "fault-vs-truncate",
            Profile.LINUX_5_10,
            2,
            BEHIND_THE_END),
        new Race(
            "R8",
            "a private store copies a block that another file has got meanwhile",
            "copy-on-write-vs-truncate",
            Profile.LINUX_5_10,
            3,
            "a private copy shows what another file holds"));
  }
}
