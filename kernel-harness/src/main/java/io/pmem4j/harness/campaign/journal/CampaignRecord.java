// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import io.pmem4j.harness.campaign.journal.JournalRecord.Acknowledged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutBegun;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutJudged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.journal.JournalRecord.Hardware;
import io.pmem4j.harness.campaign.journal.JournalRecord.Header;
import io.pmem4j.harness.campaign.journal.JournalRecord.Intended;
import io.pmem4j.harness.campaign.journal.JournalRecord.LaneDeclared;
import io.pmem4j.harness.campaign.journal.JournalRecord.Recovered;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A campaign as its journal tells it. Thread-safe. */
public final class CampaignRecord {
  private @Nullable Header header;
  private final Map<Integer, List<String>> lanes = new TreeMap<>();
  private final Map<Integer, Long> promised = new HashMap<>();
  private final Map<Integer, Long> intended = new HashMap<>();
  private final List<CutBegun> begun = new ArrayList<>();
  private final List<CutJudged> judged = new ArrayList<>();
  private @Nullable Hardware hardware;
  private long operations;
  private boolean worked;

  /** Takes the next record of the journal. */
  public synchronized void add(JournalRecord record) {
    switch (record) {
      case Header first -> header = first;
      case LaneDeclared lane -> lanes.put(lane.lane(), lane.description());
      case Intended next -> {
        intended.merge(next.lane(), next.operation(), Math::max);
        worked = true;
      }
      case Acknowledged done -> {
        promised.merge(done.lane(), done.operation(), Math::max);
        operations++;
      }
      case Recovered found -> promised.merge(found.lane(), found.operation(), Math::max);
      case Hardware now -> hardware = now;
      case CutBegun cut -> begun.add(cut);
      case CutJudged cut -> {
        judged.add(cut);
        worked = false;
      }
    }
  }

  /**
   * Returns the first record.
   *
   * @throws JournalException if the journal ends before it
   */
  public synchronized Header header() throws JournalException {
    Header first = header;
    if (first == null) {
      throw new JournalException(
          "the journal has no first record: it is none, or was cut short; begin a new campaign");
    }
    return first;
  }

  /** Returns the lanes with their descriptions. */
  public synchronized Map<Integer, List<String>> lanes() {
    return new TreeMap<>(lanes);
  }

  /** Returns the last operation of a lane that has to be there, 0 for none. */
  public synchronized long promised(int lane) {
    return promised.getOrDefault(lane, 0L);
  }

  /** Returns the last operation of a lane that was ever begun, 0 for none. */
  public synchronized long intended(int lane) {
    return intended.getOrDefault(lane, 0L);
  }

  /** Returns the hardware as it was seen last. */
  public synchronized Optional<Map<String, String>> hardware() {
    return Optional.ofNullable(hardware).map(Hardware::facts);
  }

  /** Returns the cut that no judgement follows. */
  public synchronized Optional<CutBegun> openCut() {
    return begun.size() > judged.size() ? Optional.of(begun.getLast()) : Optional.empty();
  }

  /** Returns true if operations were begun since the last cut was judged. */
  public synchronized boolean worked() {
    return worked;
  }

  /** Returns true if an operation was ever begun. */
  public synchronized boolean begun() {
    return !intended.isEmpty();
  }

  /** Returns the number of the cut that comes next. */
  public synchronized int nextCut() {
    return begun.size() + 1;
  }

  /** Returns the number of acknowledged operations. */
  public synchronized long operations() {
    return operations;
  }

  /** Returns the number of cuts of an outcome. */
  public synchronized int cuts(CutOutcome outcome) {
    return (int) judged.stream().filter(each -> each.outcome() == outcome).count();
  }

  /** Returns the cuts that were judged and held, by the word of their kind. */
  public synchronized Map<String, Integer> heldByKind() {
    Map<Integer, String> kinds = new HashMap<>();
    begun.forEach(cut -> kinds.put(cut.cut(), cut.words().get(2)));
    Map<String, Integer> held = new TreeMap<>();
    for (CutJudged cut : judged) {
      if (cut.outcome() == CutOutcome.HELD) {
        held.merge(kinds.getOrDefault(cut.cut(), "unknown"), 1, Integer::sum);
      }
    }
    return held;
  }

  /** Returns the judgement that ended the campaign: a finding, or a loss of the platform. */
  public synchronized Optional<CutJudged> end() {
    return judged.stream()
        .filter(
            each -> each.outcome() == CutOutcome.FINDING || each.outcome() == CutOutcome.PLATFORM)
        .findFirst();
  }
}
