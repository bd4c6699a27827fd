// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.campaign.work.Lane;
import io.pmem4j.harness.campaign.work.LaneFactory;
import io.pmem4j.harness.campaign.work.LaneKind;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.LostException;
import io.pmem4j.harness.campaign.work.Worker;
import java.io.IOException;

/** A worker with a bug: its log acknowledges each operation before it is made. */
final class LateWorker {
  private LateWorker() {}

  public static void main(String[] arguments) {
    Worker.run(
        new LaneFactory() {
          @Override
          public Lane open(LaneSpec spec, long promised, KillPoint.Listener points)
              throws IOException, LostException {
            Lane lane = super.open(spec, promised, points);
            return spec.kind() == LaneKind.LOG ? new Late(lane) : lane;
          }
        });
  }

  private static final class Late implements Lane {
    private final Lane lane;
    private long waiting;

    private Late(Lane lane) {
      this.lane = lane;
    }

    @Override
    public long recover(long promised) throws LostException, IOException {
      return lane.recover(promised);
    }

    @Override
    public void perform(long operation) throws IOException {
      if (waiting > 0) {
        lane.perform(waiting);
      }
      waiting = operation;
    }

    @Override
    public void close() throws IOException {
      lane.close();
    }
  }
}
