// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.sched.Scheduler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The files of the scenarios have the layout that PMD faults need. */
class FileLayoutTest {
  @ParameterizedTest
  @EnumSource(names = {"SERIES", "V4_4"})
  void oneEntryMapsTheLargeFile(Profile profile) throws Exception {
    ModelMount mount =
        new ModelMount(
            MountOptions.parse("dax,oldalloc,noatime,noreservation"),
            Instrumentation.production().withVariation(Lab.of(profile)));
    ScratchImage image = ScratchImage.make(FileLayout.HUGE.imageBlocks());
    try {
      TwoFileFixture.createFiles(image, FileLayout.HUGE, mount);
      TwoFileFixture fixture =
          new TwoFileFixture(image, FileLayout.HUGE, Scheduler.production(), mount, 2, false);
      fixture.firstProcess().load(0);
      assertThat(fixture.firstProcess().memory.pagemap(fixture.firstProcess().mapping(), 0).huge())
          .isTrue();
      fixture.unmountAll();
    } finally {
      image.close();
    }
  }
}
