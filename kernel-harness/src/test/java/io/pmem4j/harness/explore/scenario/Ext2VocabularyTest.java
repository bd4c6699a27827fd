// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.lab.LabState;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ext2VocabularyTest {
  /** Observations that read alike; the words of the step tell them apart. */
  private static final Map<Observation, Set<Observation>> ALIKE =
      new EnumMap<>(Map.of(Observation.MAPS_BLOCK, Set.of(Observation.PAGE_BLOCK)));

  private final Vocabulary words = new Ext2Vocabulary();

  @ParameterizedTest
  @CsvSource({
    "NO_PTE, 0, 0, no entry",
    "PTE_OF_BLOCK, 17, 0, block 17",
    "PTE_OF_BLOCK_REFUSES, 17, 0, not allowed: block 17",
    "PTE_OF_ZERO_PAGE_REFUSES, 0, 0, the page of zeros not allowed",
    "MAPS_BLOCK, 2, 17, page 2 block 17",
    "MAPS_HUGE, 512, 2560, page 512 2 MiB from block 2560",
    "UNMAPS, 0, 5, unmaps page 0 to before 5",
    "WRITE_PROTECTS, 1, 17, page 1 read-only: block 17",
    "SIZE, 8192, 0, 8192",
    "SIZE_FOR_CHECK, 0, 0, '0 (the check looks, not the handler)'",
    "SIZE_CHANGE, 8192, 100, from 8192 to 100",
    "HOLE, 1, 0, page 1 a hole",
    "ENTRY_OF_HOLE, 1, 0, page 1 no block",
    "TAKES_BLOCK, 30, 0, takes block 30",
    "DETACHES_POINTERS, 1, 12, takes out pointers 1 to before 12",
    "BLOCKS_ON_FREEZE, 0, 0, blocks on the frozen file system"
  })
  void anObservationHasWords(Observation what, long first, long second, String expected) {
    assertThat(words.observation(what, first, second)).isEqualTo(expected);
  }

  @Test
  void noTwoObservationsReadAlikeUnlessListed() {
    for (Observation one : Observation.values()) {
      for (Observation other : Observation.values()) {
        boolean listed =
            ALIKE.getOrDefault(one, Set.of()).contains(other)
                || ALIKE.getOrDefault(other, Set.of()).contains(one);
        if (one != other && !listed) {
          assertThat(words.observation(one, 1, 2)).isNotEqualTo(words.observation(other, 1, 2));
        }
      }
    }
  }

  @Test
  void everyStateHasWordsOfItsOwn() {
    List<Enum<?>> kinds = new ArrayList<>(List.of(StateKind.values()));
    kinds.addAll(List.of(ImageState.values()));
    kinds.addAll(List.of(LabState.values()));
    assertThat(kinds.stream().map(kind -> words.state(kind, 13)))
        .doesNotHaveDuplicates()
        .contains("i_size of inode 13", "DAX entries of inode 13", "page table", "block 13")
        .noneMatch(text -> text.contains("_") && !text.startsWith("i_size"));
  }

  @Test
  void aStrangersConstantsAreShownByName() {
    assertThat(words.state(LockClass.DAX_SEM, 3)).isEqualTo("DAX_SEM 3");
    assertThat(words.observation(LockClass.DAX_SEM, 3, 4)).isEqualTo("DAX_SEM 3 4");
  }
}
