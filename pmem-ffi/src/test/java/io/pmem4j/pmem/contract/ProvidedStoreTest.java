// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import io.pmem4j.pmem.RegionProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Regions of a provider keep the contract of stores and follow the specification. */
class ProvidedStoreTest extends StoreContract {
  private static final Path FOLDER = Path.of("/no such folder/provided");

  private final Map<Path, PersistentMemory> files = new HashMap<>();
  private final RegionProvider.Registration registration =
      RegionProvider.register(
          FOLDER,
          new RegionProvider() {
            @Override
            public Optional<PersistentMemory> find(Path path) {
              return Optional.ofNullable(files.get(path));
            }

            @Override
            public PersistentMemory create(Path path, long bytes) {
              files.put(path, new ArrayMemory(Granularity.CACHE_LINE, (int) bytes, 0));
              return files.get(path);
            }
          });

  @AfterEach
  void unregister() {
    registration.close();
  }

  @Override
  PersistentMemory memory(Arena arena) {
    return map("store", MapSpec.createNew(SIZE), arena);
  }

  private static PmemRegion map(String name, MapSpec spec, Arena arena) {
    try {
      return Pmem.map(FOLDER.resolve(name), spec, arena);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Class<?> refusal(String name, MapSpec spec, Arena arena) {
    try {
      Pmem.map(FOLDER.resolve(name), spec, arena);
      return Void.class;
    } catch (IOException e) {
      return e.getClass();
    }
  }

  @Test
  void theSpecificationDecidesAsForFiles() {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(refusal("a", MapSpec.existing(), arena)).isEqualTo(NoSuchFileException.class);
      PmemRegion whole = map("a", MapSpec.openOrCreate(8192), arena);
      whole.putLong(4096, 7);
      assertThat(refusal("a", MapSpec.createNew(1), arena))
          .isEqualTo(FileAlreadyExistsException.class);
      assertThat(refusal("a", MapSpec.openOrCreate(8193), arena))
          .isEqualTo(FileSystemException.class);
      assertThat(refusal("a", MapSpec.existing().slice(4096, 4097), arena))
          .isEqualTo(FileSystemException.class);
      assertThat(refusal("a", MapSpec.existing().require(Granularity.BYTE), arena))
          .isEqualTo(FileSystemException.class);
      assertThat(refusal("a", MapSpec.existing().exclusive(), arena))
          .isEqualTo(FileLockedException.class);
      PmemRegion part = map("a", MapSpec.existing().slice(4096, 64).readOnly(), arena);
      assertThat(part.getLong(0)).isEqualTo(7);
      assertThat(part.fileOffset()).isEqualTo(4096);
      assertThat(part.slice(8, 8).fileOffset()).isEqualTo(4104);
      assertThatThrownBy(() -> part.putLong(0, 1)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> part.segment().fill((byte) 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anExclusiveWriterEndsWithItsArena() {
    try (Arena arena = Arena.ofConfined()) {
      map("b", MapSpec.openOrCreate(64).exclusive(), arena);
      assertThat(refusal("b", MapSpec.existing(), arena)).isEqualTo(FileLockedException.class);
    }
    try (Arena arena = Arena.ofConfined()) {
      assertThat(refusal("b", MapSpec.existing(), arena)).isEqualTo(Void.class);
    }
  }

  @Test
  void aRegionEndsWithItsArena() {
    PmemRegion region;
    try (Arena arena = Arena.ofConfined()) {
      region = map("c", MapSpec.openOrCreate(64), arena);
    }
    assertThatThrownBy(() -> region.getLong(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> region.putLong(0, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> region.persist(0, 8)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aFolderHasOneProviderAndOtherPathsHaveNone() {
    assertThatThrownBy(() -> RegionProvider.register(FOLDER, null))
        .isInstanceOf(IllegalStateException.class);
    registration.close();
    try (Arena arena = Arena.ofConfined()) {
      assertThat(refusal("d", MapSpec.existing(), arena)).isEqualTo(NoSuchFileException.class);
    }
    assertThat(files).doesNotContainKey(FOLDER.resolve("d"));
  }
}
