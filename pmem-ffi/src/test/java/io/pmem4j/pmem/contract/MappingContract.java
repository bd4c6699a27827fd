// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Mapping of existing files by either backend: accepted, or refused with nothing left behind. */
abstract class MappingContract extends MappedFileContract {
  @Test
  void aMissingFileIsNotCreated() {
    assertRefused(NoSuchFileException.class, file, existing());
    assertThat(file).doesNotExist();
    assertRefused(NoSuchFileException.class, folder.resolve("no/such"), createNew(SIZE));
  }

  @Test
  void anExistingFileKeepsItsOddLength() throws Exception {
    Files.write(file, new byte[5001]);
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, existing(), arena);
      assertThat(region.byteSize()).isEqualTo(5001);
      region.putByte(5000, (byte) 1);
      region.persist(5000, 1);
      region.persist(0, 5001);
    }
    assertThat(Files.size(file)).isEqualTo(5001);
  }

  @Test
  void directoriesAndEmptyFilesAreRefused() throws Exception {
    assertRefused(FileSystemException.class, folder, existing());
    assertRefused(FileAlreadyExistsException.class, folder, createNew(SIZE));
    Files.createFile(file);
    assertRefused(FileSystemException.class, file, existing());
    assertThat(file).isEmptyFile();
  }

  @Test
  void aFifoIsRefusedAndNotWaitedFor() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/mkfifo")), "no mkfifo here");
    run("/usr/bin/mkfifo", file.toString());
    assertRefused(FileSystemException.class, file, existing());
  }

  @Test
  void aDeviceWithoutDaxIsRefused() {
    assertRefused(FileSystemException.class, Path.of("/dev/null"), existing());
    assertRefused(FileSystemException.class, Path.of("/dev/zero"), existing());
  }

  @Test
  void withoutPermissionItIsDenied() throws Throwable {
    Files.write(file, new byte[SIZE]);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    assumeTrue(
        Unprivileged.thrownBy(() -> Files.readAllBytes(file)).isEmpty(),
        "only root can go where the contract is tried");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    Class.forName(PmemException.class.getName()); // while class files can still be read
    try (Arena arena = Arena.ofShared()) {
      assertThat(Unprivileged.thrownBy(() -> Pmem.map(file, existing(), arena)))
          .containsInstanceOf(AccessDeniedException.class);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
      Path fresh = folder.resolve("fresh");
      assertThat(Unprivileged.thrownBy(() -> Pmem.map(fresh, createNew(SIZE), arena)))
          .containsInstanceOf(AccessDeniedException.class);
      assertThat(fresh).doesNotExist();
      // Readable is not enough where stores are wanted; it is for loads.
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
      assertThat(Unprivileged.thrownBy(() -> Pmem.map(file, existing(), arena)))
          .containsInstanceOf(AccessDeniedException.class);
      MapSpec loads = MapSpec.existing().readOnly();
      assertThat(Unprivileged.thrownBy(() -> Pmem.map(file, loads, arena))).isEmpty();
    } finally {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** A running program cannot be written, not even by root; permissions would not stop root. */
  @Test
  void aFileThatCannotBeWrittenIsRefused() throws Exception {
    file = folder.resolve("sleep"); // one binary may have many names, and ask for its own
    Files.copy(Path.of("/bin/sleep"), file);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    long size = Files.size(file);
    Process running = new ProcessBuilder(file.toString(), "60").start();
    try {
      assertRefused(FileSystemException.class, file, existing());
    } finally {
      running.destroyForcibly().waitFor();
    }
    assertThat(Files.size(file)).isEqualTo(size);
  }

  @Test
  void slicesOfFiles() throws Exception {
    byte[] content = new byte[3 * 4096];
    Arrays.fill(content, 4096, 8192, (byte) 5);
    Files.write(file, content);
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, existing().slice(4096, 4096), arena);
      assertThat(region.byteSize()).isEqualTo(4096);
      assertThat(region.getByte(0)).isEqualTo((byte) 5);
      assertThat(region.getByte(4095)).isEqualTo((byte) 5);
      region.putByte(0, (byte) 6);
      region.persist(0, 4096);
      Pmem.map(file, existing().slice(8192, 4096), arena).persist(4088, 8);
    }
    assertThat(Files.readAllBytes(file)[4096]).isEqualTo((byte) 6);
    assertThatIllegalArgumentException().isThrownBy(() -> existing().slice(512, 4096));
    assertThatIllegalArgumentException().isThrownBy(() -> existing().slice(-4096, 4096));
    assertThatIllegalArgumentException().isThrownBy(() -> existing().slice(0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> existing().slice(4096, Long.MAX_VALUE));
    assertRefused(FileSystemException.class, file, existing().slice(8192, 4097));
    assertRefused(FileSystemException.class, file, existing().slice(1L << 40, 1));
    assertThat(Files.size(file)).isEqualTo(content.length);
    Path fresh = folder.resolve("fresh");
    assertRefused(FileSystemException.class, fresh, createNew(4096).slice(4096, 4096));
    assertThat(fresh).doesNotExist();
  }

  @Test
  void pathsOfOtherProvidersAreRefused() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      FileSystem other = FileSystems.getFileSystem(URI.create("jrt:/")); // in each JVM
      Path inside = other.getPath(file.toString());
      assertThatExceptionOfType(ProviderMismatchException.class)
          .isThrownBy(() -> Pmem.map(inside, createNew(SIZE), arena));
      assertThatExceptionOfType(ProviderMismatchException.class)
          .isThrownBy(() -> Pmem.map(inside, existing(), arena));
      assertThat(file).doesNotExist();
    }
  }

  @Test
  void anInterruptedThreadMapsAndStaysInterrupted() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Thread.currentThread().interrupt();
      PmemRegion region;
      try {
        region = Pmem.map(file, createNew(SIZE), arena);
        Pmem.map(file, existing(), arena).persist(0, 8);
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      region.persist(0, SIZE);
    }
  }

  @Test
  void slicesOfAFileShareADescriptor() throws Exception {
    Files.write(file, new byte[64 * 4096]);
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, existing().slice(0, 4096), arena);
      long before = descriptors();
      for (int i = 1; i < 64; i++) {
        Pmem.map(file, existing().slice(4096L * i, 4096), arena).publishLong(0, i);
      }
      assertThat(descriptors()).isLessThanOrEqualTo(before + 8); // others come and go
    }
    try (Arena arena = Arena.ofShared()) {
      assertThat(Pmem.map(file, existing(), arena).getLong(4096 * 63)).isEqualTo(63);
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  /** The promise is about the file; {@code deepPersist} is about its name too. */
  @Test
  void aFileWithoutANameIsPersistedButNotDeeply() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      region.deepPersist(0, 8);
      Path moved = Files.move(file, folder.resolve("moved"));
      region.publishLong(0, 1);
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.deepPersist(0, 8))
          .withMessageContaining("renamed or moved away");
      Files.delete(moved);
      region.publishLong(0, 2);
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.deepPersist(0, 8))
          .withMessageContaining("no name any more");
      // Another file under the name is not this one.
      Files.write(file, new byte[SIZE]);
      region.publishLong(0, 3);
      assertThat(Files.readAllBytes(file)).containsOnly(0);
      assertThat(region.getLong(0)).isEqualTo(3);
    }
  }

  /** The kernel reports no error for the page that was lost, so persist cannot either. */
  @Test
  void truncationAndExtensionLoseAStoreSilently() throws Exception {
    try (Arena arena = Arena.ofShared();
        FileChannel other = FileChannel.open(Files.createFile(file), StandardOpenOption.WRITE)) {
      other.write(ByteBuffer.allocate(1), SIZE - 1);
      PmemRegion region = Pmem.map(file, existing(), arena);
      region.putLong(8192, 1);
      other.truncate(4096);
      other.write(ByteBuffer.allocate(1), SIZE - 1);
      region.persist(8192, 8);
      assertThat(region.getLong(8192)).isZero();
      region.publishLong(8192, 2); // the region is as good as before
      assertThat(ByteBuffer.wrap(Files.readAllBytes(file)).get(8192)).isEqualTo((byte) 2);
    }
  }

  @Test
  void readOnlyRegionsHaveTheirMediumsGranularity() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      Granularity medium = Pmem.map(file, createNew(SIZE), arena).granularity();
      assumeTrue(System.getenv("PMEM_IS_PMEM_FORCE") == null, "PMEM_IS_PMEM_FORCE is set");
      PmemRegion reader = Pmem.map(file, existing().readOnly(), arena);
      assertThat(reader.granularity()).isEqualTo(medium);
      assertThat(reader.getLong(0)).isZero();
      assertThatIllegalArgumentException().isThrownBy(() -> reader.putLong(0, 1));
      assertThatIllegalArgumentException().isThrownBy(() -> reader.persist(0, 8));
    }
  }
}
