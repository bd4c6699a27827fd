// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.work.FileLane;
import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.campaign.work.Lane;
import io.pmem4j.harness.campaign.work.LaneFactory;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Payload;
import io.pmem4j.harness.campaign.work.Worker;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A campaign with a bug, for a booted guest: its files are written and never synced. It reboots the
 * machine by sysrq; a kill of the process alone would lose nothing.
 */
public final class LazyCampaign {
  private LazyCampaign() {}

  /** Runs a worker; with a path, a journal, and {@code begin} or {@code verify}, the campaign. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      Worker.run(new Lazy());
      return;
    }
    boolean verify = arguments[2].equals("verify");
    PowerCut cut =
        () -> {
          Files.writeString(Path.of("/proc/sysrq-trigger"), "b");
          return "sysrq";
        };
    CampaignOptions options =
        new CampaignOptions(
            List.of(Path.of(arguments[0])),
            1,
            Duration.ofMinutes(1),
            1,
            1,
            Optional.of(cut),
            0,
            verify,
            false,
            new Allowances(false, false, false));
    try (DeviceCampaign campaign =
        new DeviceCampaign(
            options,
            JournalPlace.parse(arguments[1]),
            Machine.running(),
            WorkerCommand.of(LazyCampaign.class))) {
      CampaignReport report = campaign.run();
      System.out.println(report.words());
      System.exit(report.verdict() == CutOutcome.FINDING ? 1 : 0);
    }
  }

  private static final class Lazy extends LaneFactory {
    @Override
    public Lane open(LaneSpec spec, long promised, KillPoint.Listener points) {
      Path folder = spec.path().resolveSibling(spec.kind().word());
      return new FileLane(folder, new Payload(spec.seed()), points) {
        @Override
        protected void force(FileChannel file) {
          // The bug.
        }
      };
    }
  }
}
