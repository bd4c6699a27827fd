// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.check.ImageCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;

/**
 * A target for Jazzer: small images that mke2fs made, with bytes changed as the input says, are
 * checked, mounted, walked, read and changed. Anything but the exceptions that callers are told of
 * is a finding.
 *
 * <p>{@code --target_class=io.pmem4j.ext2.ImageFuzz --instrumentation_includes=io.pmem4j.ext2.**}.
 * Jazzer 0.24 reads no class files of Java 25: compile for it with {@code --release 23}.
 *
 * <p>An input is a byte that chooses the image and its options, then records: three bytes of
 * offset, a byte whose low three bits are a length less one, and that many bytes.
 */
public final class ImageFuzz {
  private static final int MOST_ENTRIES = 60;
  private static final int MOST_DEPTH = 6;
  private static final int RECORD_HEADER = 4;
  private static final String[] OPTIONS = {
    "dax,oldalloc,noreservation", "", "ordered", "dax,acl,user_xattr,errors=remount-ro",
    "orlov,sync", "nouid32,minixdf,grpid", "ro", "dax,strictatime,dirsync"
  };
  private static final byte[][] IMAGES = {
    make(4096, 96, ""), make(1024, 300, ""), make(2048, 200, ""), make(1024, 300, ",meta_bg -g 256")
  };

  private ImageFuzz() {}

  private interface Step {
    void run() throws Exception;
  }

  /** Only what a caller is told to expect gets through. */
  private static void attempt(Step step) {
    try {
      step.run();
    } catch (Ext2Exception e) {
      if (e.getMessage() == null || e.getMessage().isBlank()) {
        throw new IllegalStateException("no message", e);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Jazzer calls it with each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] image = IMAGES[(input[0] & 0xff) % IMAGES.length];
    HeapMemory memory = new HeapMemory(image.length);
    memory.copy(0, image, 0, image.length);
    change(memory, image.length, input);
    attempt(() -> ImageCheck.of(memory));
    attempt(() -> {
      MountOptions options = MountOptions.parse(OPTIONS[(input[0] & 0xff) / IMAGES.length % 8]);
      Ext2FileSystem fs = Ext2FileSystem.mount(memory, options);
      use(fs);
      attempt(fs::unmount);
    });
  }

  private static void change(HeapMemory memory, int size, byte[] input) {
    int at = 1;
    while (at + RECORD_HEADER < input.length) {
      int offset = (input[at] & 0xff) | (input[at + 1] & 0xff) << 8 | (input[at + 2] & 0xff) << 16;
      int length = 1 + (input[at + 3] & 7);
      at += RECORD_HEADER;
      for (int i = 0; i < length && at < input.length; i++) {
        memory.putByte((offset + i) % size, input[at++]);
      }
    }
  }

  private static void use(Ext2FileSystem fs) {
    attempt(() -> walk(fs));
    PathOperations paths = fs.paths();
    attempt(() -> paths.mkdir("/made", 0755));
    attempt(() -> write(fs, "/made/file", 20_000));
    attempt(() -> paths.link("/made/file", "/made/other"));
    attempt(() -> paths.symlink("t".repeat(90), "/made/slow"));
    attempt(() -> paths.rename("/made/other", "/dir/moved", 0));
    attempt(() -> paths.rename("/dir", "/made/dir", 0));
    attempt(() -> paths.setXattr("/made/file", bytes("user.a"), bytes("value"), 0, true));
    attempt(() -> paths.setXattr("/small", bytes("user.a"), bytes("value"), 0, true));
    attempt(() -> write(fs, "/large", 70_000));
    attempt(() -> truncate(fs, "/large", 3000));
    attempt(() -> truncate(fs, "/holes", 9000));
    attempt(() -> paths.chmod("/small", 0600));
    attempt(() -> paths.setTimes("/small", OptionalLong.of(1), OptionalLong.of(2)));
    attempt(fs::sync);
    attempt(() -> fs.unlink("/small"));
    attempt(() -> fs.unlink("/large"));
    attempt(() -> fs.unlink("/holes"));
    attempt(() -> fs.unlink("/slow"));
    attempt(() -> paths.rmdir("/empty"));
    attempt(() -> paths.unlink("/made/file"));
    attempt(() -> walk(fs));
    fs.use();
    fs.errors();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void write(Ext2FileSystem fs, String path, int length) throws Ext2Exception {
    try (OpenFile file = fs.open(path, 0102, 0644)) {
      attempt(() -> file.pwrite(100, new byte[length]));
      attempt(file::fiemap);
      attempt(file::fsync);
    }
  }

  private static void truncate(Ext2FileSystem fs, String path, long size) throws Ext2Exception {
    try (OpenFile file = fs.open(path, 2, 0)) {
      attempt(() -> file.truncate(size));
      attempt(() -> file.truncate(size * 2));
    }
  }

  private record Place(String path, int depth) {}

  private static void walk(Ext2FileSystem fs) throws Ext2Exception {
    Deque<Place> todo = new ArrayDeque<>(List.of(new Place("", 0)));
    int entries = 0;
    while (!todo.isEmpty() && entries < MOST_ENTRIES) {
      Place place = todo.removeFirst();
      List<DirectoryEntry> found;
      try (OpenFile directory = fs.open(place.path + "/", 0, 0)) {
        found = directory.readDirectory(0, MOST_ENTRIES);
      } catch (Ext2Exception e) {
        continue;
      }
      for (DirectoryEntry entry : found) {
        entries++;
        String name = new String(entry.nameBytes(), StandardCharsets.ISO_8859_1);
        String path = place.path + "/" + name;
        attempt(() -> look(fs, path));
        if (place.depth < MOST_DEPTH && !name.equals(".") && !name.equals("..")) {
          todo.add(new Place(path, place.depth + 1));
        }
      }
    }
  }

  private static void look(Ext2FileSystem fs, String path) throws Ext2Exception {
    PathOperations paths = fs.paths();
    Stat stat = paths.stat(path, false);
    attempt(() -> paths.readlink(path));
    attempt(() -> {
      for (byte[] name : paths.listXattr(path, false)) {
        attempt(() -> paths.getXattr(path, name, false));
      }
    });
    if ((stat.mode() & FileMode.TYPE_MASK) == FileMode.REGULAR) {
      try (OpenFile file = fs.open(path, 0, 0)) {
        attempt(() -> file.pread(0, new byte[70_000]));
        attempt(() -> file.pread(stat.size() - 10, new byte[100]));
        attempt(file::fiemap);
      }
    }
  }

  /** Makes an image with each kind of file, by mke2fs and debugfs. */
  private static byte[] make(int block, int blocks, String format) {
    try {
      Path folder = Files.createTempDirectory("image-fuzz");
      Path image = folder.resolve("image");
      Path content = Files.createDirectory(folder.resolve("content"));
      String text =
          """
          PATH=$PATH:/usr/sbin:/sbin; cd %s
          printf small > small; head -c 80000 /dev/zero | tr '\\0' x > large
          truncate -s 60000 holes; printf end >> holes; mkdir dir empty; printf x > dir/inner
          ln small dir/linked; ln -s dir/inner fast; ln -s %s slow; mkfifo pipe; cd ..
          mke2fs -q -F -t ext2 -b %d -I 128 -N 48 -O ^resize_inode%s -d content image %d
          """
              .formatted(content, "dir/" + "./".repeat(50) + "inner", block, format, blocks);
      ImageFixture.run(List.of("sh", "-ec", text));
      byte[] made = Files.readAllBytes(image);
      ImageFixture.run(List.of("rm", "-rf", folder.toString()));
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
