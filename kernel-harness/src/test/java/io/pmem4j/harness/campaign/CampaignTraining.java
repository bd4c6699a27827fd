// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.work.Lane;
import io.pmem4j.harness.campaign.work.LaneFactory;
import io.pmem4j.harness.campaign.work.LaneKind;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Worker;
import io.pmem4j.harness.cli.Main;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads the classes of a campaign and of its workers, for an archive that both start from. A worker
 * is killed, and could not leave one.
 */
public final class CampaignTraining {
  private CampaignTraining() {}

  /**
   * Runs a campaign.
   *
   * @param arguments an empty folder for the lanes of a worker, and the verb with its options
   */
  public static void main(String[] arguments) throws Exception {
    Class.forName(Worker.class.getName());
    LaneFactory factory = new LaneFactory();
    for (LaneKind kind : LaneKind.values()) {
      Path path = Path.of(arguments[0]).resolve(kind.word());
      if (kind.needsFolder()) {
        Files.createDirectory(path);
      }
      try (Lane lane = factory.open(new LaneSpec(0, kind, path, -1, 1, false), 0, _ -> {})) {
        lane.recover(0);
        lane.perform(1);
      }
    }
    String[] verb = new String[arguments.length - 1];
    System.arraycopy(arguments, 1, verb, 0, verb.length);
    Main.main(verb);
  }
}
