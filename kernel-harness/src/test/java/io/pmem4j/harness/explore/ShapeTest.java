// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.Profile;
import io.pmem4j.sched.Scheduler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The files of the scenarios are what the faults need. */
class ShapeTest {
  @ParameterizedTest
  @EnumSource(names = {"SERIES", "V4_4"})
  void oneEntryMapsTheLargeFile(Profile profile) throws Exception {
    MountOptions options =
        MountOptions.parse("dax,oldalloc,noatime,noreservation").withProfile(profile);
    Medium medium = Medium.make(Shape.HUGE.imageBlocks());
    try {
      World.found(medium, Shape.HUGE, options);
      World world = new World(medium, Shape.HUGE, Scheduler.production(), options, 2, false);
      world.left().load(0);
      assertThat(world.left().memory.pagemap(world.left().mapping(), 0).huge()).isTrue();
      world.leave();
    } finally {
      medium.close();
    }
  }
}
