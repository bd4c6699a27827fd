// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutJudged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The verdict of a campaign so far.
 *
 * @param verdict HELD means that no cut lost anything
 * @param cuts that were judged and held
 * @param byKind the same by the kind of cut
 * @param operations that were acknowledged
 * @param detail of another verdict than HELD
 * @param persistence the platforms' statements about it, empty below ordinary disks
 */
public record CampaignReport(
    CutOutcome verdict,
    int cuts,
    Map<String, Integer> byKind,
    long operations,
    String detail,
    String persistence) {
  /** The rule of three: without an event in N trials its rate is below 3/N at 95 %. */
  private static final double RULE_OF_THREE = 3;

  /** Copies the map. */
  public CampaignReport {
    byKind = Map.copyOf(byKind);
  }

  static CampaignReport of(CampaignRecord record, String persistence) {
    Optional<CutJudged> end = record.end();
    return new CampaignReport(
        end.map(CutJudged::outcome).orElse(CutOutcome.HELD),
        record.cuts(CutOutcome.HELD),
        record.heldByKind(),
        record.operations(),
        end.map(cut -> "cut " + cut.cut() + ": " + cut.detail()).orElse(""),
        persistence);
  }

  CampaignReport environment(String reason) {
    return new CampaignReport(
        CutOutcome.ENVIRONMENT, cuts, byKind, operations, reason, persistence);
  }

  /** Returns the verdict in a line. */
  public String words() {
    String word = verdict == CutOutcome.HELD ? "PASS" : verdict.name();
    if (verdict != CutOutcome.HELD) {
      return "%s: %s (%,d cuts before it held, %,d operations)"
          .formatted(word, detail, cuts, operations);
    }
    String bound =
        cuts == 0
            ? "nothing follows from no cut"
            : String.format(
                Locale.ROOT, "loss rate below %.3g a cut at 95 %%", RULE_OF_THREE / cuts);
    String domain = persistence.isEmpty() ? "" : "; persistence: " + persistence;
    return "%s: %,d cuts %s, 0 losses, %s, %,d operations acknowledged%s"
        .formatted(word, cuts, new TreeMap<>(byKind), bound, operations, domain);
  }
}
