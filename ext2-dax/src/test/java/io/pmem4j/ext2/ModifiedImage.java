// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A small file system of two groups whose bytes a test changes before it mounts it: {@code /f} of 5
 * bytes, {@code /g} of 20 blocks, {@code /d/h} in a directory, {@code /s} a fast and {@code /t} a
 * slow symbolic link.
 */
final class ModifiedImage implements AutoCloseable {
  static final int BLOCK = 4096;
  static final int INODE_BYTES = 256;

  /** Bytes of the superblock. */
  static final int SUPERBLOCK = 1024;

  private static final Map<Integer, byte[]> PRISTINE = new ConcurrentHashMap<>();

  final ByteBuffer bytes;

  /** Bytes of a block. */
  final int block;

  private final ByteBuffer pristine;
  private final Path file;
  private final Arena arena = Arena.ofShared();

  ModifiedImage() throws IOException {
    this(BLOCK);
  }

  ModifiedImage(int block) throws IOException {
    this.block = block;
    byte[] made = PRISTINE.computeIfAbsent(block, ModifiedImage::make);
    this.bytes = ByteBuffer.wrap(made.clone()).order(ByteOrder.LITTLE_ENDIAN);
    this.pristine = ByteBuffer.wrap(made).order(ByteOrder.LITTLE_ENDIAN);
    Path memory = Path.of("/dev/shm");
    file = Files.createTempFile(Files.isWritable(memory) ? memory : null, "modified", ".img");
  }

  private static byte[] make(int block) {
    try {
      Path directory = Files.createTempDirectory("modified");
      Path image = directory.resolve("image");
      Path small = Files.write(directory.resolve("small"), new byte[] {1, 2, 3, 4, 5});
      byte[] twenty = new byte[20 * BLOCK];
      Arrays.fill(twenty, (byte) 7);
      Path large = Files.write(directory.resolve("large"), twenty);
      try (RandomAccessFile made = new RandomAccessFile(image.toFile(), "rw")) {
        made.setLength(8 << 20);
      }
      ImageFixture.run(
          List.of(
              "mke2fs",
              "-q",
              "-F",
              "-t",
              "ext2",
              "-b",
              String.valueOf(block),
              "-g",
              "1024",
              "-I",
              "256",
              "-N",
              "64",
              "-O",
              "^resize_inode",
              image.toString()));
      Path requests =
          Files.writeString(
              directory.resolve("requests"),
              """
              write %s f
              write %s g
              mkdir d
              write %s d/h
              symlink s d/h
              symlink t %s
              """
                  .formatted(small, large, small, "d/" + "./".repeat(50) + "h"));
      ImageFixture.run(List.of("debugfs", "-w", "-f", requests.toString(), image.toString()));
      byte[] pristine = Files.readAllBytes(image);
      try (var files = Files.list(directory)) {
        for (Path each : files.toList()) {
          Files.delete(each);
        }
      }
      Files.delete(directory);
      return pristine;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The byte where the descriptors begin. */
  int descriptors() {
    return (SUPERBLOCK / block + 1) * block;
  }

  /** The byte where an inode lies, however damaged the descriptors are by now. */
  int inode(int ino) {
    int inGroup = pristine.getInt(SUPERBLOCK + 40);
    int table = pristine.getInt(descriptors() + (ino - 1) / inGroup * 32 + 8);
    return table * block + (ino - 1) % inGroup * INODE_BYTES;
  }

  /** The inode number of a name in the root directory. */
  int ino(String name) {
    int first = pristine.getInt(inode(2) + 40);
    int at = first * block;
    while (at < (first + 1) * block) {
      byte[] found = new byte[pristine.get(at + 6)];
      pristine.get(at + 8, found);
      if (name.equals(new String(found, StandardCharsets.UTF_8))) {
        return pristine.getInt(at);
      }
      at += pristine.getShort(at + 4);
    }
    throw new AssertionError("no " + name);
  }

  Ext2FileSystem mount(String options) throws IOException {
    Files.write(file, bytes.array());
    return Ext2FileSystem.mount(
        Pmem.map(file, MapSpec.existing().backend(Backend.JDK), arena),
        MountOptions.parse("dax,oldalloc,noatime,noreservation" + options));
  }

  @Override
  public void close() throws IOException {
    arena.close();
    Files.delete(file);
  }
}
