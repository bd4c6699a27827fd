// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.work.FileLane;
import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.campaign.work.Lane;
import io.pmem4j.harness.campaign.work.LaneFactory;
import io.pmem4j.harness.campaign.work.LaneKind;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Payload;
import io.pmem4j.harness.campaign.work.RingLane;
import io.pmem4j.harness.campaign.work.Worker;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A campaign with a bug, for a booted guest: its files are written and never synced, its records on
 * persistent memory, mapped by file or as a device, are stored and never written back. A kill of
 * the process alone would lose nothing.
 */
public final class LazyCampaign {
  private LazyCampaign() {}

  /** Runs a worker; with a path, a journal, and a command or {@code verify}, the campaign. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      Worker.run(new Lazy());
      return;
    }
    boolean verify = arguments[2].equals("verify");
    Machine machine = Machine.running();
    CampaignOptions options =
        new CampaignOptions(
            List.of(Path.of(arguments[0])),
            1,
            Duration.ofMinutes(1),
            1,
            1,
            Optional.of(
                PowerCut.command(arguments[2], Duration.ZERO, Duration.ofSeconds(100), machine)),
            0,
            verify,
            false,
            new Allowances(false, false, true));
    try (DeviceCampaign campaign =
        new DeviceCampaign(
            options,
            JournalPlace.parse(arguments[1]),
            machine,
            WorkerCommand.of(LazyCampaign.class))) {
      CampaignReport report = campaign.run();
      System.out.println(report.words());
      System.exit(report.verdict() == CutOutcome.FINDING ? 1 : 0);
    }
  }

  private static final class Lazy extends LaneFactory {
    private @Nullable PersistentMemory device;

    @Override
    public Lane open(LaneSpec spec, long promised, KillPoint.Listener points) throws IOException {
      Payload payload = new Payload(spec.seed());
      if (spec.onDevice()) {
        if (device == null) {
          device = Pmem.map(spec.path(), MapSpec.existing().exclusive(), Arena.global());
        }
        return unflushed(device.slice(spec.offset(), LaneSpec.BYTES), payload);
      }
      if (spec.kind() != LaneKind.FILES) {
        PersistentMemory region =
            PmemFile.open(spec.path(), MapSpec.openOrCreate(LaneSpec.BYTES).exclusive())
                .region(0, LaneSpec.BYTES, Arena.global());
        if (region.granularity() == Granularity.CACHE_LINE) {
          return unflushed(region, payload);
        }
      }
      Path folder = spec.path().resolveSibling(spec.kind().word());
      return new FileLane(folder, payload, points) {
        @Override
        protected void force(FileChannel file) {
          // The bug.
        }
      };
    }

    private static Lane unflushed(PersistentMemory memory, Payload payload) {
      return new RingLane(memory, payload) {
        @Override
        protected void persist(long offset) {
          // The bug.
        }
      };
    }
  }
}
