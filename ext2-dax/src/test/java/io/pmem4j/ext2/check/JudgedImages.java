// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Images of each block size and revision, made by mke2fs and filled by debugfs: directories of
 * several blocks, files with single and double indirect blocks, short and long symbolic links,
 * devices, a hard link, attributes in blocks and in bodies of inodes.
 */
final class JudgedImages {
  private static final int DEEP_BLOCKS = 300;
  private static final int NAMES = 90;

  /** Blocks added to the directory of these names: debugfs makes no room for a link by itself. */
  private static final int EXPANDED = 4;

  /** By name the options of mke2fs. */
  enum Shape {
    SMALL_BLOCKS(12 << 20, "-b", "1024", "-I", "128", "-N", "256"),
    RESIZABLE(20 << 20, "-b", "1024", "-I", "256", "-N", "384"),
    MIDDLE_BLOCKS(8 << 20, "-b", "2048", "-I", "256", "-O", "^resize_inode", "-N", "128"),
    PAGES(8 << 20, "-b", "4096", "-g", "1024", "-I", "128", "-O", "^resize_inode", "-N", "128"),
    LARGE_INODES(6 << 20, "-b", "4096", "-I", "256", "-O", "^resize_inode,^sparse_super"),
    META_GROUPS(10 << 20, "-b", "1024", "-g", "256", "-O", "meta_bg,^resize_inode", "-N", "640"),

    /** All blocks of descriptors lie before {@code s_first_meta_bg}: behind each superblock. */
    NO_META_GROUP(10 << 20, "-b", "1024", "-g", "256", "-O", "^resize_inode", "-N", "640"),
    REVISION_0(10 << 20, "-b", "1024", "-r", "0", "-O", "none", "-N", "192");

    private final int bytes;
    private final List<String> options;

    Shape(int bytes, String... options) {
      this.bytes = bytes;
      this.options = List.of(options);
    }
  }

  private JudgedImages() {}

  static @Nullable String tool(String name) {
    for (String directory : List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")) {
      if (Files.isExecutable(Path.of(directory, name))) {
        return directory + "/" + name;
      }
    }
    return null;
  }

  /** Returns the bytes of an image that e2fsck finds clean. */
  static byte[] make(Shape shape, Path directory) throws IOException, InterruptedException {
    Path image = directory.resolve(shape.name());
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(shape.bytes);
    }
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext2"));
    command.addAll(shape.options);
    command.add(image.toString());
    run(command);
    Path requests = Files.writeString(directory.resolve("requests"), requests(shape, directory));
    run(List.of("debugfs", "-w", "-f", requests.toString(), image.toString()));
    byte[] bytes = Files.readAllBytes(image);
    Files.delete(image);
    return bytes;
  }

  private static String requests(Shape shape, Path directory) throws IOException {
    int block = shape.options.contains("1024") ? 1024 : 4096;
    Path small = Files.write(directory.resolve("small"), new byte[] {1, 2, 3});
    byte[] content = new byte[DEEP_BLOCKS * block];
    java.util.Arrays.fill(content, (byte) 7);
    Path deep = Files.write(directory.resolve("deep"), content);
    StringBuilder text = new StringBuilder();
    line(text, "write %s small", small);
    line(text, "write %s deep", deep);
    line(text, "symlink short small");
    line(text, "symlink long %s", "./".repeat(50) + "small");
    line(text, "mknod device b 8 1");
    line(text, "mknod pipe p");
    line(text, "ln small second");
    line(text, "sif small links_count 2");
    line(text, "mkdir d");
    line(text, "mkdir d/e");
    line(text, "mkdir d/e/f");
    line(text, "write %s d/e/inner", small);
    for (int i = 0; i < EXPANDED; i++) {
      line(text, "expand_dir d");
    }
    for (int i = 0; i < NAMES; i++) {
      line(text, "ln small d/%s%d", "name".repeat(i % 9 + 1), i);
    }
    line(text, "sif small links_count %d", NAMES + 2);
    if (shape != Shape.REVISION_0) {
      line(text, "ea_set d/e/inner user.a value");
      line(text, "ea_set deep user.long %s", "v".repeat(200));
      line(text, "ea_set deep trusted.b c");
    }
    if (shape == Shape.NO_META_GROUP) {
      line(text, "set_super_value first_meta_bg 2");
      line(text, "feature meta_bg");
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(format.formatted(arguments)).append('\n');
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    List<String> resolved = new ArrayList<>(command);
    resolved.set(0, tool(command.getFirst()));
    Process process = new ProcessBuilder(resolved).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError(resolved + ": " + output);
    }
  }
}
