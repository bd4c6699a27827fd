// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.pmem.contract.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file whose write-back has failed once: the kernel would call the next one a success. */
@Timeout(60)
class FailedFileTest {
  private static final int SIZE = 64 << 10;

  @TempDir(factory = InMemory.class)
  Path folder;

  /** Fails the first time only, as the kernel does. */
  private static MappingParts failingOnce(AtomicInteger syncs) {
    return new MappingParts(
        UseGuard::of,
        (range, offset, length) -> {
          if (syncs.getAndIncrement() == 0) {
            throw new UncheckedIOException(new IOException("Input/output error"));
          }
          range.forced(offset, length).force();
        },
        _ -> {});
  }

  private static void assertFailed(Runnable call) {
    assertThatExceptionOfType(PmemFailedFileException.class)
        .isThrownBy(call::run)
        .withMessageContaining("Input/output error")
        .withMessageContaining("map it anew and verify its content")
        .withCauseInstanceOf(PmemException.class);
  }

  @Test
  void afterAFailedPersistNothingIsDurable() throws Exception {
    Path file = folder.resolve("file");
    AtomicInteger syncs = new AtomicInteger();
    try (Arena arena = Arena.ofShared()) {
      MapSpec spec = MapSpec.createNew(SIZE);
      PmemRegion region =
          new PmemRegion(RegionMapper.map(file, spec, arena, Backend.JDK, failingOnce(syncs)));
      Backend other = Pmem.preferredBackend();
      PmemRegion another = Pmem.map(file, MapSpec.existing().backend(other), arena);
      PmemRegion part = Pmem.map(file, MapSpec.existing().slice(4096, 4096), arena);
      another.persist(0, 8);
      FlushBatch batch = new FlushBatch(region);
      batch.dirty(0, 8);
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(batch::commit)
          .withMessageContaining("Input/output error");
      assertFailed(batch::commit);
      for (PmemRegion each : List.of(region, region.slice(4096, 8), another, part)) {
        assertFailed(() -> each.persist(0, 8));
        assertFailed(() -> each.flush(0, 8));
        assertFailed(each::drain);
        assertFailed(() -> each.deepPersist(0, 8));
        assertFailed(() -> each.publishLong(0, 1));
        assertFailed(() -> each.write(0, new byte[8], 0, 8, Caching.AUTO));
      }
      // Mapped anew while the old ones live it is the same file to the kernel.
      assertFailed(() -> mapExisting(file, arena).persist(0, 8));
      assertThat(region.getLong(0)).isEqualTo(1); // loads are not concerned
      PmemRegion unharmed = Pmem.map(folder.resolve("unharmed"), spec, arena);
      unharmed.persist(0, 8);
    }
    try (Arena arena = Arena.ofShared()) {
      mapExisting(file, arena).persist(0, 8);
    }
    assertThat(syncs).hasValue(1);
  }

  private static PmemRegion mapExisting(Path file, Arena arena) {
    try {
      return Pmem.map(file, MapSpec.existing(), arena);
    } catch (IOException refusal) {
      throw new UncheckedIOException(refusal);
    }
  }

  /** At page granularity both backends write back as the JDK does, which compensates carriers. */
  @Test
  void libpmemsRegionsOfOrdinaryFilesAreForcedByTheJdk() throws Exception {
    Installed.assumeLibpmem();
    AtomicInteger syncs = new AtomicInteger(1);
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region =
          new PmemRegion(
              RegionMapper.map(
                  folder.resolve("pages"),
                  MapSpec.createNew(SIZE),
                  arena,
                  Backend.LIBPMEM,
                  failingOnce(syncs)));
      assertThat(region.granularity()).isEqualTo(Granularity.PAGE);
      region.persist(0, 8);
      region.flush(4096, 8);
      region.publishLong(0, 1);
      region.deepPersist(0, 8);
      MemorySegment source = arena.allocate(64);
      region.write(0, source, 0, 64, Caching.NON_TEMPORAL);
    }
    assertThat(syncs).hasValue(6);
  }
}
