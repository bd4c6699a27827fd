// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Addresses are resolved by the mappings of the process that accessed them. */
class MappedPlacesTest {
  @Test
  void aChildsMappingStaysWhereItWasWhenItsParentMovesItsOwn() {
    MappedPlaces parent = new MappedPlaces();
    parent.put("m", 0x10000, 2 * 4096, 5 * 4096);
    MappedPlaces child = parent.fork();
    parent.move("m", 0x80000, 3 * 4096);
    assertThat(child.base("m")).isEqualTo(0x10000);
    assertThat(child.pageIndex(0x11234)).isEqualTo(6);
    assertThat(parent.base("m")).isEqualTo(0x80000);
    assertThat(parent.pageIndex(0x82000)).isEqualTo(7);
    assertThatThrownBy(() -> parent.pageIndex(0x11234))
        .isInstanceOf(IllegalArgumentException.class);
    child.remove("m");
    assertThat(parent.has("m")).isTrue();
  }

  @Test
  void anAddressThatAFailedCallFreedBelongsToTheMappingThatIsThereNow() {
    MappedPlaces places = new MappedPlaces();
    places.put("q", 0x10000, 6 * 4096, 0);
    places.put("s", 0x80000, 5 * 4096, 0);
    // mremap(2) of q has failed and unmapped the tail of q.
    places.move("s", 0x13000, 3 * 4096);
    assertThat(places.pageIndex(0x13000)).isZero();
    assertThat(places.pageIndex(0x12000)).isEqualTo(2);
    places.move("q", 0x40000, 2 * 4096);
    places.put("p", 0x40000, 4096, 9 * 4096);
    assertThat(places.pageIndex(0x40000)).isEqualTo(9);
    assertThat(places.fork().pageIndex(0x40000)).isEqualTo(9);
  }
}
