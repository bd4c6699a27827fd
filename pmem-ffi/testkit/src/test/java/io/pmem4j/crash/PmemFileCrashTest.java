// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.crash.junit.CrashTest;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemFailedFileException;
import io.pmem4j.pmem.PmemFile;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Files that grow, shrink and get other names, in every crash state of each mode. */
class PmemFileCrashTest {
  private static final int PAGE = 4096;
  private static final long[] LENGTHS = {0, PAGE, 3 * PAGE, 2 * PAGE, 4 * PAGE};

  private static PmemFile open(Path file) throws IOException {
    return PmemFile.open(file, MapSpec.openOrCreate(PAGE).exclusive());
  }

  private static void put(PmemFile file, long offset, long value) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      file.region(offset, Long.BYTES, arena).publishLong(0, value);
    }
  }

  private static long get(PmemFile file, long offset) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return file.region(offset, Long.BYTES, arena).getLong(0);
    }
  }

  /** Returns the length of the file, or 0 if there is none. */
  private static long length(Path path) throws IOException {
    try (PmemFile file = PmemFile.open(path, MapSpec.existing())) {
      assertThat(file.length()).as("a file with a name is whole").isPositive();
      return file.length();
    } catch (NoSuchFileException none) {
      return 0;
    }
  }

  private static void grow(CrashMedium medium, Path path) throws IOException {
    try (PmemFile file = open(path)) {
      medium.acknowledge("length", 1);
      file.extend(LENGTHS[2]);
      medium.acknowledge("length", 2);
      put(file, 2 * PAGE, 7);
      put(file, PAGE, 5);
      medium.acknowledge("entry", 1);
      file.truncate(LENGTHS[3]);
      medium.acknowledge("length", 3);
      file.extend(LENGTHS[4]);
      medium.acknowledge("length", 4);
    }
  }

  private static void verifyGrown(CrashMedium medium, Path path) throws IOException {
    int steps = (int) medium.acknowledged("length");
    long length = length(path);
    assertThat(length).isIn(LENGTHS[steps], LENGTHS[Math.min(steps + 1, 4)]);
    if (length == 0) {
      return;
    }
    try (PmemFile file = open(path)) {
      if (steps >= 3) {
        assertThat(get(file, PAGE)).isEqualTo(5);
      }
      if (length == LENGTHS[4]) {
        assertThat(get(file, 2 * PAGE)).isZero(); // what was cut off does not come back
      } else if (length == LENGTHS[2] && medium.acknowledged("entry") == 1) {
        assertThat(get(file, 2 * PAGE)).isEqualTo(7);
      }
    }
  }

  @CrashTest(
      mode = {CrashMode.PAGE, CrashMode.X86, CrashMode.JAVA, CrashMode.AUTO_FLUSH},
      complete = true)
  void lengthsAreThoseOfBeforeOrAfter(CrashMedium medium) throws Throwable {
    medium.run(path -> grow(medium, path)).after(path -> verifyGrown(medium, path));
  }

  private static Path name(Path path, int number) {
    return number < 2
        ? path.resolveSibling("name" + number)
        : path.resolveSibling("folder").resolve("name" + number);
  }

  private static void renameTwice(CrashMedium medium, Path path) throws IOException {
    try (PmemFile file = open(name(path, 0))) {
      put(file, 8, 3);
      for (int number = 1; number <= 2; number++) {
        medium.acknowledge("name", number);
        file.rename(name(path, number));
      }
      medium.acknowledge("name", 3);
    }
  }

  private static void verifyNames(CrashMedium medium, Path path) throws IOException {
    int step = (int) medium.acknowledged("name");
    Set<Integer> found = new TreeSet<>();
    for (int number = 0; number <= 2; number++) {
      if (length(name(path, number)) > 0) {
        found.add(number);
        if (step > 0) {
          try (PmemFile file = open(name(path, number))) {
            assertThat(get(file, 8)).isEqualTo(3);
          }
        }
      }
    }
    switch (step) {
      case 0 -> assertThat(found).isIn(Set.of(), Set.of(0));
      case 1 -> assertThat(found).isIn(Set.of(0), Set.of(1));
      case 2 -> assertThat(found).isIn(Set.of(1), Set.of(1, 2), Set.of(2));
      default -> assertThat(found).containsExactly(2);
    }
  }

  @CrashTest(
      mode = {CrashMode.PAGE, CrashMode.X86, CrashMode.JAVA, CrashMode.AUTO_FLUSH},
      complete = true)
  void aRenamedFileHasTheOldNameOrTheNewOne(CrashMedium medium) throws Throwable {
    medium.run(path -> renameTwice(medium, path)).after(path -> verifyNames(medium, path));
  }

  @CrashTest(mode = CrashMode.PAGE, complete = true)
  void whatAChannelHasForcedIsThere(CrashMedium medium) throws Throwable {
    medium
        .run(path -> {
          try (FileChannel channel = PmemFile.openChannel(path, MapSpec.openOrCreateEmpty())) {
            for (int n = 1; n <= 2; n++) {
              channel.write(ByteBuffer.wrap(new byte[] {(byte) n}), 5000 * (n - 1));
              channel.force(false);
              medium.acknowledge("bytes", n);
            }
          }
        })
        .after(path -> {
          try (FileChannel channel = PmemFile.openChannel(path, MapSpec.openOrCreateEmpty())) {
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int n = 1; n <= medium.acknowledged("bytes"); n++) {
              assertThat(channel.read(one.clear(), 5000 * (n - 1))).isEqualTo(1);
              assertThat(one.get(0)).isEqualTo((byte) n);
            }
          }
        });
  }

  @Test
  void aWriteThatIsNotForcedIsAFinding() {
    CrashMedium medium = CrashMedium.named("unforced").modes(CrashMode.PAGE);
    assertThatThrownBy(() ->
            medium
                .run(path -> {
                  try (FileChannel channel =
                      PmemFile.openChannel(path, MapSpec.openOrCreateEmpty())) {
                    channel.write(ByteBuffer.wrap(new byte[] {1}), 0);
                    medium.acknowledge("bytes", 1);
                  }
                })
                .after(path -> {}))
        .isInstanceOf(CrashFoundError.class)
        .hasMessageContaining("acknowledged at PmemFileCrashTest.java:");
  }

  /** A process that was killed may have left a length that is not durable. */
  @CrashTest(mode = CrashMode.PAGE, complete = true)
  void aLengthThatWasFoundIsDurable(CrashMedium medium) throws Throwable {
    medium
        .run(path -> {
          open(path).close();
          try (FileChannel killed = PmemFile.openChannel(path, MapSpec.openOrCreate(PAGE))) {
            killed.write(ByteBuffer.allocate(1), 2 * PAGE - 1);
          }
          try (PmemFile file = open(path)) {
            file.extend(2 * PAGE);
            medium.acknowledge("length", 2 * PAGE);
          }
        })
        .after(
            path -> assertThat(length(path)).isGreaterThanOrEqualTo(medium.acknowledged("length")));
  }

  /** Recovery grows, makes and renames files itself, and may crash. */
  @CrashTest(
      mode = {CrashMode.PAGE, CrashMode.X86},
      complete = true)
  void recoveryMayGrowAndRename(CrashMedium medium) throws Throwable {
    medium
        .run(path -> {
          try (PmemFile file = open(path)) {
            file.extend(2 * PAGE);
            put(file, 0, 1);
          }
        })
        .after(path -> {
          Path next = path.resolveSibling("next");
          if (length(next) == 0) {
            try (PmemFile file = open(path)) {
              file.truncate(PAGE);
              file.extend(3 * PAGE);
              assertThat(get(file, 2 * PAGE)).isZero();
              put(file, 2 * PAGE, 9);
              file.rename(next);
            }
          }
          open(path).close(); // makes another one
          assertThat(length(next)).isEqualTo(3 * PAGE);
          try (PmemFile file = open(next)) {
            assertThat(get(file, 2 * PAGE)).isEqualTo(9);
          }
        });
  }

  @CrashTest(mode = CrashMode.PAGE, complete = true)
  void aFailedSyncFailsTheFileForGood(CrashMedium medium) throws Throwable {
    medium
        .run(path -> {
          try (PmemFile file = open(path);
              Arena arena = Arena.ofConfined()) {
            PmemRegion region = file.region(0, PAGE, arena);
            medium.failSync(1);
            assertThatThrownBy(() -> file.extend(2 * PAGE))
                .isInstanceOf(PmemException.class)
                .hasMessageContaining("Input/output error");
            region.putLong(0, 1);
            assertThatThrownBy(() -> region.persist(0, 8))
                .isInstanceOf(PmemFailedFileException.class);
            assertThatThrownBy(() -> file.extend(3 * PAGE))
                .isInstanceOf(PmemFailedFileException.class);
          }
          try (PmemFile again = open(path)) {
            put(again, 8, 2); // a file that is opened anew has not failed
            medium.acknowledge("entry", 2);
          }
        })
        .after(path -> {
          if (medium.acknowledged("entry") > 0) {
            try (PmemFile file = open(path)) {
              assertThat(get(file, 8)).isEqualTo(2);
            }
          }
        });
  }

  @CrashTest(mode = CrashMode.PAGE)
  void theRulesOfRealFilesHold(CrashMedium medium) throws Throwable {
    medium
        .run(path -> {
          Path other = path.resolveSibling("other");
          try (PmemFile file = open(path);
              Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Pmem.map(path, MapSpec.existing(), arena))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("exclusive");
            assertThatThrownBy(() -> file.region(PAGE, 1, arena))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("outside");
            assertThatThrownBy(() -> file.extend(1L << 40))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("no room");
            assertThat(file.length()).isEqualTo(PAGE);
            file.extend(2 * PAGE);
            PmemRegion region = file.region(0, 2 * PAGE, arena);
            file.truncate(PAGE);
            file.extend(2 * PAGE);
            assertThatThrownBy(() -> region.getLong(PAGE))
                .isInstanceOf(PmemMediaException.class)
                .hasMessageContaining("revoked");
            Pmem.map(other, MapSpec.createNew(64), arena);
            assertThatThrownBy(() -> file.rename(other))
                .isInstanceOf(FileAlreadyExistsException.class);
            try (PmemFile mapped = PmemFile.open(other, MapSpec.existing())) {
              assertThat(mapped.length()).isEqualTo(64);
              mapped.extend(PAGE);
            }
          }
          assertThatThrownBy(() -> PmemFile.open(path, MapSpec.createNew(1)))
              .isInstanceOf(FileAlreadyExistsException.class);
          assertThatThrownBy(() -> PmemFile.open(path, MapSpec.openOrCreate(3 * PAGE)))
              .isInstanceOf(FileSystemException.class)
              .hasMessageContaining("expected at least 12288");
        })
        .after(path -> {});
  }
}
