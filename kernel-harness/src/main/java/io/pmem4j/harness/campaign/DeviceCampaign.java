// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.Journal;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalRecord;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutBegun;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutJudged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutKind;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.journal.JournalRecord.Hardware;
import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.image.WorkDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A campaign: workers make operations durable until they are killed or the machine is cut off, and
 * each acknowledged one has to be there afterwards. The journal knows all of it, so that a campaign
 * continues after any stop.
 */
public final class DeviceCampaign implements AutoCloseable {
  /** Between the first operation of each worker and a cut, at most. */
  private static final int RUN_MILLIS = 250;

  /** Passes of a kill point before a worker waits there, at most. */
  private static final int PASSES = 40;

  private final CampaignOptions options;
  private final List<String> workerCommand;
  private final CampaignRecord record = new CampaignRecord();
  private final Refusals refusals = new Refusals();
  private final SplittableRandom random = new SplittableRandom();
  private final CampaignPlaces places;
  private final CutJudge judge;
  private final WorkDirectory errors;
  private final Journal journal;
  private @Nullable Crew next;
  private HardwareState hardware;

  /**
   * Begins a campaign, or continues that of the journal.
   *
   * @param workerCommand runs a worker
   * @throws CampaignException if this machine is refused
   */
  public DeviceCampaign(
      CampaignOptions options,
      JournalPlace journalPlace,
      Machine machine,
      List<String> workerCommand)
      throws IOException, InterruptedException {
    this.options = options;
    this.workerCommand = List.copyOf(workerCommand);
    List<TestedPlace> list = new ArrayList<>();
    for (Path path : options.paths()) {
      list.add(TestedPlace.of(path));
    }
    judge = new CutJudge(machine, list);
    hardware = judge.read();
    if (!options.continues()) {
      // After a cut the change is judged first.
      refusals.requirePersistence(hardware, list, options);
    }
    if (journalPlace.file().isPresent()) {
      refusals.requireApart(journalPlace.file().get(), list, machine, options);
    }
    places = new CampaignPlaces(list);
    errors = new WorkDirectory();
    journal = opened(journalPlace);
    boolean begun = false;
    try {
      if (options.continues()) {
        places.resume(record);
      } else {
        places.begin(options, hardware, this::append);
      }
      begun = true;
    } finally {
      if (!begun) {
        close();
      }
    }
  }

  private Journal opened(JournalPlace place) throws IOException {
    boolean open = false;
    try {
      Journal journal = place.open(options.continues(), record::add);
      open = true;
      return journal;
    } finally {
      if (!open) {
        errors.close();
      }
    }
  }

  /** Returns remarks on the hardware, for a report. */
  public List<String> notes() {
    return refusals.notes();
  }

  private void append(JournalRecord... records) throws IOException {
    journal.append(records);
    for (JournalRecord each : records) {
      record.add(each);
    }
  }

  /** Runs the campaign until its time or its number of cuts is over, and returns its verdict. */
  public CampaignReport run() throws IOException, InterruptedException {
    Optional<String> environment = Optional.empty();
    if (record.end().isEmpty()) {
      try {
        if (record.openCut().isEmpty() && record.worked()) {
          String boot = record.hardware().orElse(Map.of()).get(HardwareState.BOOT);
          boolean same = hardware.boot().bootId().equals(boot);
          append(new CutBegun(record.nextCut(), same ? CutKind.STOPPED : CutKind.POWER, ""));
        }
        environment = decidedByHardware();
        if (environment.isEmpty() && record.end().isEmpty()) {
          if (options.continues()) {
            refusals.requirePersistence(hardware, List.of(), options);
            places.requireWritable();
          }
          environment = work();
        }
      } catch (Crew.Loss loss) {
        finish(CutOutcome.FINDING, String.valueOf(loss.getMessage()));
      }
    }
    CampaignReport report = CampaignReport.of(record, hardware.persistence());
    return environment.map(report::environment).orElse(report);
  }

  /**
   * Judges the last cut by the hardware, if that decides.
   *
   * @return the reason for which nothing can be judged on this machine now
   */
  private Optional<String> decidedByHardware() throws IOException, InterruptedException {
    hardware = judge.read();
    Map<String, String> before = record.hardware().orElse(hardware.facts());
    Optional<HardwareChange> change = judge.decide(before, hardware, record.openCut());
    if (change.isEmpty()) {
      return Optional.empty();
    }
    String words = change.get().words();
    if (change.get().outcome() == CutOutcome.PLATFORM) {
      finish(CutOutcome.PLATFORM, words);
      return Optional.empty();
    }
    boolean same =
        hardware.boot().bootId().equals(before.getOrDefault(HardwareState.BOOT, ""))
            && record.openCut().map(CutBegun::kind).filter(CutKind.POWER::equals).isPresent();
    if (same) {
      finish(CutOutcome.ENVIRONMENT, words); // the cut did not happen; with other modules it waits
    }
    return Optional.of(words);
  }

  private Optional<String> work() throws Crew.Loss, IOException, InterruptedException {
    long end = System.nanoTime() + options.time().toNanos();
    int cuts = 0;
    while (!options.verifyOnly() && cuts < options.cuts() && System.nanoTime() < end) {
      try (Crew crew = crew()) {
        boolean power = options.power().isPresent() && cuts >= options.killsBeforePower();
        arm(crew, power);
        crew.run(random);
        Optional<String> obstacle = checked(crew);
        if (obstacle.isPresent() || record.end().isPresent()) {
          return obstacle;
        }
        crew.awaitWork();
        next = power ? null : start(); // gets ready meanwhile
        String point = crew.awaitPoint(Duration.ofMillis(random.nextInt(RUN_MILLIS)));
        cuts++;
        if (power) {
          return Optional.of(cutPower(point));
        }
        CutKind kind = point.isEmpty() ? CutKind.KILL : CutKind.POINT;
        append(new CutBegun(record.nextCut(), kind, point));
        crew.kill();
      }
      Optional<String> obstacle = decidedByHardware();
      if (obstacle.isPresent() || record.end().isPresent()) {
        return obstacle;
      }
    }
    try (Crew crew = crew()) {
      crew.verify();
      return checked(crew);
    }
  }

  /** Cuts the machine off, and returns only if that did not happen. */
  private String cutPower(String point) throws IOException, InterruptedException {
    hardware = judge.read();
    append(new Hardware(hardware.facts()), new CutBegun(record.nextCut(), CutKind.POWER, point));
    String tried = options.power().orElseThrow().cut();
    String words = "no reboot happened: " + tried;
    finish(CutOutcome.ENVIRONMENT, words);
    return words;
  }

  /**
   * Every second worker waits at a point of its code when it is killed. A power cut is too dear to
   * come before there is anything to lose.
   */
  private void arm(Crew crew, boolean power) {
    if (random.nextBoolean()) {
      KillPoint[] points = KillPoint.values();
      crew.arm(
          random.nextInt(places.workers()),
          points[random.nextInt(points.length)],
          random.nextInt(PASSES),
          power ? 1 : 0);
    }
  }

  /** Waits until the lanes are checked, and judges the last cut. */
  private Optional<String> checked(Crew crew) throws Crew.Loss, IOException, InterruptedException {
    try {
      crew.awaitChecked();
    } catch (CampaignException e) {
      // Poison that appears while it is read is the medium's loss.
      Optional<String> obstacle = decidedByHardware();
      if (obstacle.isEmpty() && record.end().isEmpty()) {
        throw e;
      }
      return obstacle;
    }
    if (record.openCut().isPresent()) {
      finish(CutOutcome.HELD, "");
    }
    return Optional.empty();
  }

  /** Returns workers that know their lanes. */
  private Crew crew() throws IOException {
    Crew crew = next == null ? start() : next;
    next = null;
    places
        .lanes()
        .forEach((id, lane) -> crew.assign(id, lane, record.promised(id), record.intended(id)));
    return crew;
  }

  private Crew start() throws IOException {
    return Crew.start(places.workers(), workerCommand, errors.path(), this::append);
  }

  /** Judges the open cut; the state of the hardware goes with it, as the next one begins there. */
  private void finish(CutOutcome outcome, String detail) throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    int cut = record.openCut().map(CutBegun::cut).orElse(record.nextCut());
    if (record.openCut().isEmpty()) {
      records.add(new CutBegun(cut, CutKind.STOPPED, ""));
    }
    if (!record.hardware().orElse(Map.of()).equals(hardware.facts())) {
      records.add(new Hardware(hardware.facts()));
    }
    records.add(new CutJudged(cut, outcome, detail));
    append(records.toArray(JournalRecord[]::new));
  }

  @Override
  public void close() throws IOException {
    Crew ready = next;
    if (ready != null) {
      ready.close();
    }
    places.close();
    journal.close();
    errors.close();
  }
}
