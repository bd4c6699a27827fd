// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.format.Mkfs;
import io.pmem4j.ext2.format.MkfsOptions;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The verb {@code mkfs}: makes an ext2 file system. */
@Command(
    name = "mkfs",
    description = {
      "Makes an ext2 file system, with the bytes that mke2fs -t ext2 of e2fsprogs 1.47",
      "gives it for the same options, UUID, hash seed and time.",
      "Exit 0: made and durable; 2: the options or the image cannot be used."
    })
final class MkfsCommand implements Callable<Integer> {
  private static final long PAGE = 4096;

  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "a file or a DAX device")
  private Path image = Path.of(".");

  @Parameters(
      index = "1",
      paramLabel = "SIZE",
      arity = "0..1",
      description = "with K, M or G; a file that is missing or shorter gets it. Default: all of it")
  private @Nullable String size;

  @Option(names = "-b", paramLabel = "BYTES", description = "of a block: 1024, 2048 or 4096")
  private int block;

  @Option(names = "-I", paramLabel = "BYTES", description = "of an inode (default: 256)")
  private int inode;

  @Option(names = "-N", paramLabel = "N", description = "inodes")
  private long inodes;

  @Option(names = "-i", paramLabel = "BYTES", description = "of the file system for each inode")
  private long ratio;

  @Option(
      names = "-m",
      paramLabel = "PERCENT",
      description = "of the blocks are the super-user's (default: 5)")
  private double reserved = 5;

  @Option(names = "-g", paramLabel = "N", description = "blocks in a group")
  private int perGroup;

  @Option(names = "-L", paramLabel = "LABEL", description = "the name of the volume")
  private String label = "";

  @Option(names = "-O", paramLabel = "FEATURES", description = "as of mke2fs: ^resize_inode, none")
  private @Nullable String features;

  @Option(names = "-U", paramLabel = "UUID", description = "the UUID (default: random)")
  private UUID uuid = UUID.randomUUID();

  @Option(names = "--hash-seed", paramLabel = "UUID", description = "as -E hash_seed of mke2fs")
  private UUID hashSeed = UUID.randomUUID();

  @Option(names = "--time", paramLabel = "SECONDS", description = "the time in the image")
  private long seconds = System.currentTimeMillis() / 1000;

  @Option(names = "--force", description = "also over an image that holds an ext2 file system")
  private boolean force;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  MkfsCommand() {}

  @Override
  public Integer call() throws IOException {
    boolean fresh = !Files.exists(image);
    if (fresh && size == null) {
      throw new IllegalArgumentException(image + " does not exist: give a SIZE");
    }
    long bytes = size == null ? Files.size(image) & -PAGE : bytes(size);
    MkfsOptions options = options(bytes);
    try {
      make(options, fresh);
    } catch (Ext2Exception e) {
      if (fresh) {
        Files.deleteIfExists(image);
      }
      throw UnusableImage.of(image, e);
    }
    spec.commandLine()
        .getOut()
        .printf("mkfs: %s: %,d bytes, UUID %s%n", image, bytes, options.uuid());
    return ExitStatus.HOLDS;
  }

  private MkfsOptions options(long bytes) {
    MkfsOptions options =
        MkfsOptions.of(bytes, uuid, hashSeed, seconds)
            .withSizes(block, inode, perGroup)
            .withCounts(inodes, ratio, reserved)
            .withLabel(label);
    return features == null ? options : options.withFeatures(features);
  }

  private void make(MkfsOptions options, boolean fresh) throws IOException {
    Mkfs.check(options);
    if (!Files.exists(image) || Files.isRegularFile(image)) {
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        if (file.length() < options.bytes()) {
          file.setLength(options.bytes());
        }
      }
    }
    try (Arena arena = Arena.ofShared()) {
      MapSpec how = MapSpec.existing().backend(Backend.JDK).exclusive();
      PersistentMemory memory = Pmem.map(image, how, arena);
      if (!fresh && !force && Mkfs.isFileSystem(memory)) {
        throw new FileSystemException(
            image.toString(), null, "holds an ext2 file system: --force replaces it");
      }
      Mkfs.make(memory, options, fresh);
    }
  }

  private static long bytes(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    int shift = Math.max(0, "KMGT".indexOf(upper.charAt(upper.length() - 1)) + 1) * 10;
    String digits = shift == 0 ? upper : upper.substring(0, upper.length() - 1);
    if (!digits.matches("[0-9]{1,15}")) {
      throw new IllegalArgumentException("size '" + text + "', expected digits with K, M, G or T");
    }
    return Math.multiplyExact(Long.parseLong(digits), 1L << shift);
  }
}
