// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.FlushBatch;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract on a DAX device: it cannot be created, grown or truncated, only mapped. */
@Timeout(120)
class OnDevice {
  private static final int USED = 1 << 20;

  private final Arena arena = Arena.ofShared();

  @BeforeAll
  static void device() {
    assumeTrue(
        Place.given().filter(place -> !Files.isDirectory(place)).isPresent(), "no device is given");
    Installed.assumeLibpmem();
  }

  static Path path() {
    return Place.given().orElseThrow();
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private PmemRegion map() throws Exception {
    return Pmem.map(path(), MapSpec.existing(), arena);
  }

  @Test
  void isMemoryAndSaysSo() throws Exception {
    PmemRegion region = map();
    assertThat(region.backend()).isEqualTo(Backend.LIBPMEM);
    assertThat(region.granularity()).isNotEqualTo(Granularity.PAGE);
    Place.expected().ifPresent(expected -> assertThat(region.granularity()).isEqualTo(expected));
    assertThat(region.domain()).startsWith("memory:");
    assertThat(region.byteSize()).isGreaterThanOrEqualTo(USED);
    assertThat(region.alignment()).isGreaterThanOrEqualTo(1L << 21);
  }

  @Test
  void whatIsPersistedIsThereAfterReopening() throws Exception {
    long last;
    try (Arena first = Arena.ofShared()) {
      PmemRegion region = Pmem.map(path(), MapSpec.existing(), first);
      last = region.byteSize() - 8;
      region.putLong(4096, 42);
      region.persist(4096, 8);
      try (FlushBatch batch = new FlushBatch(region)) {
        region.putLong(8192, 43);
        batch.dirty(8192, 8);
        region.putLong(last, 44);
        batch.dirty(last, 8);
        batch.commit();
      }
      region.publishLong(0, 45);
    }
    PmemRegion again = map();
    assertThat(again.getLong(4096)).isEqualTo(42);
    assertThat(again.getLong(8192)).isEqualTo(43);
    assertThat(again.getLong(last)).isEqualTo(44);
    assertThat(again.getLong(0)).isEqualTo(45);
    again.writeFill(0, 16384, (byte) 0, io.pmem4j.pmem.Caching.AUTO);
    again.putLong(last, 0);
    again.persist(last, 8);
  }

  @Test
  void slicesOfTheDevice() throws Exception {
    PmemRegion whole = map();
    whole.putLong(8192, 7);
    PmemRegion slice = Pmem.map(path(), MapSpec.existing().slice(8192, 4096), arena);
    assertThat(slice.byteSize()).isEqualTo(4096);
    assertThat(slice.getLong(0)).isEqualTo(7);
    slice.publishLong(8, 8);
    assertThat(whole.getLong(8200)).isEqualTo(8);
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(
            () -> Pmem.map(path(), MapSpec.existing().slice(whole.byteSize(), 4096), arena));
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> Pmem.map(path(), MapSpec.existing().slice(1L << 50, 4096), arena));
  }

  @Test
  void anExclusiveDeviceHasOneWriter() throws Exception {
    try (Arena alone = Arena.ofShared()) {
      Pmem.map(path(), MapSpec.openOrCreate(USED).exclusive(), alone).persist(0, 8);
      assertThatExceptionOfType(FileLockedException.class).isThrownBy(this::map);
      Pmem.map(path(), MapSpec.existing().readOnly(), arena).getLong(0);
    }
    map();
    assertThatExceptionOfType(FileLockedException.class)
        .isThrownBy(() -> Pmem.map(path(), MapSpec.existing().exclusive(), arena));
  }

  @Test
  void readOnlyRegionsHaveTheDevicesGranularity() throws Exception {
    PmemRegion reader = Pmem.map(path(), MapSpec.existing().readOnly(), arena);
    assertThat(reader.granularity()).isEqualTo(map().granularity());
    assertThat(reader.crc32c(0, 4096)).isEqualTo(map().crc32c(0, 4096));
    assertThatIllegalArgumentException().isThrownBy(() -> reader.putLong(0, 1));
  }

  @Test
  void whatADeviceCannotBeIsRefused() {
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> Pmem.map(path(), MapSpec.createNew(1 << 21), arena));
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> Pmem.map(path(), MapSpec.existing().backend(Backend.JDK), arena));
  }

  @Test
  void afterCloseEverythingIsAnIllegalState() throws Exception {
    PmemRegion region;
    try (Arena closing = Arena.ofShared()) {
      region = Pmem.map(path(), MapSpec.existing(), closing);
    }
    RegionContract.assertAllClosed(region);
  }

  @Test
  void requiredGranularity() throws Exception {
    Granularity medium = map().granularity();
    MapSpec byteWanted = MapSpec.existing().require(Granularity.BYTE);
    if (medium == Granularity.BYTE) {
      assertThat(Pmem.map(path(), byteWanted, arena).granularity()).isEqualTo(Granularity.BYTE);
    } else {
      assertThatExceptionOfType(FileSystemException.class)
          .isThrownBy(() -> Pmem.map(path(), byteWanted, arena))
          .withMessageContaining("required");
    }
    assertThat(
            Pmem.map(path(), MapSpec.existing().require(Granularity.CACHE_LINE), arena)
                .granularity())
        .isLessThanOrEqualTo(Granularity.CACHE_LINE);
  }
}
