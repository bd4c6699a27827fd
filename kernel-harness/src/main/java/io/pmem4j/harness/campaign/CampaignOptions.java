// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A campaign as it is asked for.
 *
 * @param paths folders of file systems and DAX devices
 * @param workers the number of processes that work at a time
 * @param time after which no further cut is made
 * @param cuts after which no further one is made
 * @param seed of a new campaign
 * @param power the way to cut the machine off
 * @param killsBeforePower kills of processes before the power cut: it may meet their recovery
 * @param verifyOnly true to check the lanes after a cut, and to do nothing else
 * @param resume true to continue the campaign of the journal
 * @param allowed what is refused otherwise
 */
public record CampaignOptions(
    List<Path> paths,
    int workers,
    Duration time,
    int cuts,
    long seed,
    Optional<PowerCut> power,
    int killsBeforePower,
    boolean verifyOnly,
    boolean resume,
    Allowances allowed) {
  /** NVDIMM-N saves 16 GB in about a minute, and larger machines take more than two. */
  public static final Duration OFF_TIME = Duration.ofMinutes(3);

  /** Copies the list. */
  public CampaignOptions {
    paths = List.copyOf(paths);
  }

  /**
   * Things that are refused unless the user says so.
   *
   * @param journalOnSameDevice the journal lies on a device under test
   * @param notPersistent the memory under test loses its content at a power cut
   * @param overwriteDevice the content of a DAX device is lost
   */
  public record Allowances(
      boolean journalOnSameDevice, boolean notPersistent, boolean overwriteDevice) {}

  /** Returns true if the journal exists already. */
  public boolean continues() {
    return verifyOnly || resume;
  }
}
