// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.harness.backend.PlainImage;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The memory that every run's file system lies in, put back to the same bytes before each. e2fsck
 * judges what runs leave; images that are equal are judged once.
 */
final class Medium implements AutoCloseable {
  private static final int BLOCKS = 64;

  private final Path directory;
  private final Path image;
  private final Arena arena = Arena.ofShared();
  private final PersistentMemory memory;
  private byte[] pristine;
  private final byte[] current;
  private final Map<Long, String> verdicts = new HashMap<>();

  private Medium(Path directory, Path image) throws IOException {
    this.directory = directory;
    this.image = image;
    this.memory = Pmem.map(image, MapSpec.existing(), arena);
    this.pristine = Files.readAllBytes(image);
    this.current = new byte[pristine.length];
  }

  /** A small file system by mke2fs, in memory if there is a file system for that. */
  static Medium make() throws IOException {
    Path shm = Path.of("/dev/shm");
    Path directory =
        Files.isWritable(shm)
            ? Files.createTempDirectory(shm, "pmem4j-explore")
            : Files.createTempDirectory("pmem4j-explore");
    Path image = directory.resolve("image");
    PlainImage.make(image, BLOCKS);
    return new Medium(directory, image);
  }

  /** From now on this is what every run starts from. */
  void keep() {
    pristine = bytes();
  }

  private byte[] bytes() {
    MemorySegment.copy(memory.segment(), ValueLayout.JAVA_BYTE, 0, current, 0, current.length);
    return current.clone();
  }

  /** The memory, as mke2fs or {@link #keep} left it. */
  PersistentMemory restored() {
    memory.copy(0, pristine, 0, pristine.length);
    return memory;
  }

  /** What e2fsck says about the memory as it is now; empty if it is content. */
  String judge() throws IOException {
    byte[] left = bytes();
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.wrap(left));
    String known = verdicts.get(crc.getValue());
    if (known == null) {
      Path file = directory.resolve("judged");
      Files.write(file, left);
      known = PlainImage.check(file);
      verdicts.put(crc.getValue(), known);
    }
    return known;
  }

  /** How many different images runs have left. */
  int imagesSeen() {
    return verdicts.size();
  }

  @Override
  public void close() {
    arena.close();
    try {
      Files.deleteIfExists(directory.resolve("judged"));
      Files.delete(image);
      Files.delete(directory);
    } catch (IOException e) {
      // A file too many in a directory for temporary files.
    }
  }
}
