// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalRecord;
import io.pmem4j.harness.campaign.journal.JournalRecord.Hardware;
import io.pmem4j.harness.campaign.journal.JournalRecord.Header;
import io.pmem4j.harness.campaign.journal.JournalRecord.LaneDeclared;
import io.pmem4j.harness.campaign.work.LaneSpec;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** The places of a campaign, taken for this process, and its lanes on them. */
final class CampaignPlaces implements AutoCloseable {
  private static final int NAME_BYTES = 8;

  private final List<TestedPlace> places;
  private final Map<Integer, LaneSpec> lanes = new TreeMap<>();
  private final List<FileLock> locks = new ArrayList<>();

  CampaignPlaces(List<TestedPlace> places) {
    this.places = List.copyOf(places);
  }

  /** Returns the lanes by their numbers. */
  Map<Integer, LaneSpec> lanes() {
    return lanes;
  }

  /**
   * Requires places that workers can write to.
   *
   * @throws CampaignException naming the first that is mounted read-only
   */
  void requireWritable() throws IOException {
    for (TestedPlace place : places) {
      place.requireWritable();
    }
  }

  /** Returns the number of workers that have a lane. */
  int workers() {
    return 1 + lanes.values().stream().mapToInt(LaneSpec::worker).max().orElseThrow();
  }

  /**
   * Begins a campaign: in the journal first, so that a stop in between is continued.
   *
   * @param sink makes records durable
   */
  void begin(CampaignOptions options, HardwareState hardware, WorkerProcess.Sink sink)
      throws IOException {
    requireWritable();
    for (TestedPlace place : places) {
      place.requireFree(options.allowed().overwriteDevice());
    }
    byte[] name = new byte[NAME_BYTES];
    new SplittableRandom().nextBytes(name);
    String campaign = HexFormat.of().formatHex(name);
    List<JournalRecord> first = new ArrayList<>();
    first.add(new Header(campaign, options.seed(), paths()));
    first.add(new Hardware(hardware.facts()));
    for (TestedPlace place : places) {
      for (LaneSpec lane :
          place.lanes(options.workers(), options.seed(), hardware.needsDeepFlush())) {
        first.add(new LaneDeclared(lanes.size(), lane.words()));
        lanes.put(lanes.size(), lane);
      }
    }
    sink.append(first.toArray(JournalRecord[]::new));
    for (TestedPlace place : places) {
      place.begin(campaign);
      lock(place);
    }
  }

  /**
   * Continues the campaign of a journal.
   *
   * @throws CampaignException if the places are not its own, or in use
   */
  void resume(CampaignRecord record) throws IOException {
    Header header = record.header();
    if (!paths().equals(header.places())) {
      throw new CampaignException(
          "the journal is of %s, found %s: name the same paths in the same order"
              .formatted(header.places(), paths()));
    }
    for (TestedPlace place : places) {
      if (!record.begun() && place.isFree()) {
        place.requireWritable();
        place.begin(header.campaign()); // a stop came in between
      }
      place.require(header.campaign());
      lock(place);
    }
    record.lanes().forEach((id, words) -> lanes.put(id, LaneSpec.of(words)));
    if (lanes.isEmpty()) {
      throw new CampaignException("the journal ends before its lanes: begin a new campaign");
    }
  }

  private List<String> paths() {
    return places.stream().map(place -> place.path().toString()).toList();
  }

  private void lock(TestedPlace place) throws IOException {
    FileLock lock = place.lock();
    if (lock != null) {
      locks.add(lock);
    }
  }

  @Override
  public void close() throws IOException {
    for (FileLock lock : locks) {
      lock.acquiredBy().close();
    }
  }
}
