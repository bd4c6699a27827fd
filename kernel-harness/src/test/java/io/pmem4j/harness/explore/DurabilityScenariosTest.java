// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Explorer;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The promises of fsync, msync, sync, freeze and unmount beside another task. */
@Tag("explorer")
class DurabilityScenariosTest {
  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @Test
  void everyPromiseIsKeptBesideAnotherTask() throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new PairSweep(
                Profile.LINUX_5_10,
                LockOrder.MERGED,
                true,
                Explorer.bounded(2),
                new PrintWriter(text))
            .run(ScenarioCatalog.durability(), true);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.incomplete()).isZero();
    assertThat(sweep.scenarios()).isGreaterThanOrEqualTo(16);
  }
}
