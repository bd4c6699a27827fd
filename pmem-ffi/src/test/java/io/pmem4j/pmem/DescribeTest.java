// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribeTest {
  @TempDir Path folder;

  @Test
  void aFolderIsDescribedAndStaysEmpty() throws Exception {
    PmemDescription found = Pmem.describe(folder);
    assertThat(found.path()).isEqualTo(folder);
    assertThat(found.medium()).isEqualTo(PmemDescription.Medium.FOLDER);
    assertThat(found.backend()).isEqualTo(Pmem.preferredBackend());
    assertThat(found.granularity()).isEqualTo(Granularity.PAGE);
    assertThat(found.mapSync()).isFalse();
    assertThat(found.dax()).isNotEqualTo(PmemDescription.Dax.YES);
    assertThat(found.fileSystem()).isEqualTo(Files.getFileStore(folder).type());
    assertThat(found.why()).endsWith("storage: pages written by msync");
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aFileIsDescribedAndKeepsItsContent() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[] {1, 2, 3});
    assertThat(Pmem.describe(file).medium()).isEqualTo(PmemDescription.Medium.FILE);
    assertThat(Files.readAllBytes(file)).containsExactly(1, 2, 3);
    Files.write(file, new byte[0]);
    assertThatThrownBy(() -> Pmem.describe(file))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("is empty");
    assertThatThrownBy(() -> Pmem.describe(folder.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void memoryOfAProviderSaysSo() throws Exception {
    Path simulated = Path.of("/simulated for describe/file");
    RegionProvider provider =
        new RegionProvider() {
          @Override
          public Optional<PersistentMemory> find(Path path) {
            return Optional.empty();
          }

          @Override
          public PersistentMemory create(Path path, long bytes) {
            throw new IllegalStateException("not expected");
          }
        };
    try (var registration = RegionProvider.register(simulated.getParent(), provider)) {
      assertThat(registration).isNotNull();
      assertThatThrownBy(() -> Pmem.describe(simulated)).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> PmemFile.open(simulated, MapSpec.openOrCreateEmpty()))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("regions only");
    }
  }

  /** A child's view: libpmem is told to take any file for memory. */
  static final class Forced {
    private Forced() {}

    public static void main(String[] arguments) throws Exception {
      PmemDescription found = Pmem.describe(Path.of(arguments[0]));
      System.out.println(found.granularity() + " " + found.mapSync() + " " + found.why());
    }
  }

  @Test
  void forcedMemoryIsNotTakenForMapSync() throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
    ChildJvm.Result result =
        ChildJvm.run(
            folder,
            Map.of("PMEM_IS_PMEM_FORCE", "1"),
            Forced.class.getName(),
            Files.createDirectory(folder.resolve("forced")).toString());
    assertThat(result.output())
        .contains(" false PMEM_IS_PMEM_FORCE=1 is set; memory: ")
        .contains("not durable on power loss");
  }
}
