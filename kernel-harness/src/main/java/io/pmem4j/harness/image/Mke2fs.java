// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import io.pmem4j.harness.program.ImageFormat;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Program;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The one recipe by which file systems are made: mke2fs with a fixed UUID, hash seed and time, so
 * that the same shape has the same bytes each time.
 */
public final class Mke2fs {
  private static final String UUID = "70346a20-2015-4009-8a2d-646178736572";
  private static final int PLAIN_BLOCK_BYTES = 4096;

  /** The time of e2fsprogs' library, seconds. */
  static final String LIBRARY_TIME = String.valueOf(Program.CLOCK_BASE_SECONDS - 128);

  /** The environment that fixes the time of mke2fs and debugfs. */
  static final Map<String, String> FIXED_TIME = Map.of("E2FSPROGS_FAKE_TIME", LIBRARY_TIME);

  private Mke2fs() {}

  /** Makes the image of the default shape in a file of an NVDIMM's size. */
  public static FsImage make(Path file) throws IOException {
    return make(file, ImageShape.DEFAULT);
  }

  /**
   * Makes the image that programs of a shape start from, in a file of an NVDIMM's size.
   *
   * @throws IOException if mke2fs is missing or fails
   */
  public static FsImage make(Path file, ImageShape shape) throws IOException {
    FsImage image = allocate(file);
    List<String> options = new ArrayList<>();
    if (shape.blocksPerGroup() != 0) {
      options.addAll(List.of("-g", String.valueOf(shape.blocksPerGroup())));
    }
    if (shape.inodes() != 0) {
      options.addAll(List.of("-N", String.valueOf(shape.inodes())));
    }
    ImageFormat format = shape.format();
    if (format.inodeBytes() != 0) {
      options.addAll(List.of("-I", String.valueOf(format.inodeBytes())));
    }
    if (format.revision() == 0) {
      options.addAll(List.of("-r", "0", "-O", "none"));
    }
    if (format.metaGroups()) {
      options.addAll(List.of("-O", "^resize_inode,meta_bg"));
    }
    run(
        file,
        shape.blockBytes(),
        options,
        "offset=" + FsImage.OFFSET_BYTES + ",",
        shape.fsBytes() / 1024 + "k");
    ImageEditor.apply(image, shape.setup(), FIXED_TIME);
    return image;
  }

  /**
   * Makes a small file system that fills its file, without the info block of an NVDIMM namespace.
   *
   * @param file the file, which is replaced
   * @param blocks the size in blocks of 4096 bytes
   */
  public static void makePlain(Path file, int blocks) throws IOException {
    Files.deleteIfExists(file);
    run(file, PLAIN_BLOCK_BYTES, List.of("-N", "32", "-m", "0"), "", String.valueOf(blocks));
  }

  private static void run(
      Path file, int blockBytes, List<String> options, String extended, String size)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext2"));
    command.addAll(List.of("-b", String.valueOf(blockBytes), "-O", "^resize_inode", "-U", UUID));
    command.addAll(options);
    command.addAll(List.of("-E", extended + "hash_seed=" + UUID, file.toString(), size));
    Subprocess.Result result = Subprocess.run(FIXED_TIME, command);
    if (result.exit() != 0) {
      throw new IOException("mke2fs failed: " + result.output().strip());
    }
  }

  /** Makes an empty file of an NVDIMM's size. */
  public static FsImage allocate(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(FsImage.FILE_BYTES);
    }
    return new FsImage(file);
  }
}
