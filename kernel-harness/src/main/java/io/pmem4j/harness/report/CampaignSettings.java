// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.Map;

/**
 * The settings by which the programs of a campaign are chosen. Parts of one campaign differ in
 * their shard alone.
 *
 * @param verb the verb that ran the programs
 * @param kernel the name of the kernel that the model is compared with; for power cuts the backend
 * @param machine the guest's hardware, as {@code --machine} takes it; for power cuts the rules and
 *     the limit of states
 * @param programs the folders and files of programs, or {@code shipped}
 * @param operations of a generated program
 * @param seed of the first generated program
 * @param shard the shard of this part
 * @param environment versions and machine, for people; it takes no part in comparisons
 */
public record CampaignSettings(
    String verb,
    String kernel,
    String machine,
    String programs,
    int operations,
    long seed,
    Shard shard,
    Map<String, String> environment) {
  /** Copies the map. */
  public CampaignSettings {
    environment = Map.copyOf(environment);
  }

  /** Tells if the other is a part of the same campaign, or the same part resumed. */
  public boolean isOfOneCampaignWith(CampaignSettings other) {
    return of(Shard.WHOLE).equals(other.of(Shard.WHOLE)) && shard.count() == other.shard.count();
  }

  /** Tells if a run by the other settings resumes this one. */
  public boolean isResumedBy(CampaignSettings other) {
    return isOfOneCampaignWith(other) && shard.equals(other.shard);
  }

  /** Returns all that must be equal for a run to be resumed, in words. */
  String describe() {
    return "%s, kernel %s, machine %s, programs %s, %d operations, seed %d, shard %s"
        .formatted(verb, kernel, machine, programs, operations, seed, shard);
  }

  private CampaignSettings of(Shard shard) {
    return new CampaignSettings(verb, kernel, machine, programs, operations, seed, shard, Map.of());
  }
}
