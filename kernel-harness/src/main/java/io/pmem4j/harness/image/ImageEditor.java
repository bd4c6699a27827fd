// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import io.pmem4j.harness.program.ImageSetup;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Prepares and damages file systems through debugfs(8), which is no code of this project and knows
 * nothing of the model.
 */
public final class ImageEditor {
  /** Everything else that debugfs prints is a complaint; its exit status says nothing. */
  private static final Pattern SILENT =
      Pattern.compile("debugfs \\d.*|debugfs: .*|Allocated inode: \\d+|\\s*");

  private ImageEditor() {}

  /**
   * Applies lines of set-up in their order: the same bytes each time.
   *
   * @param environment of debugfs
   * @throws IOException naming the line that debugfs complains about
   */
  static void apply(FsImage image, List<ImageSetup> setup, Map<String, String> environment)
      throws IOException {
    if (setup.isEmpty()) {
      return;
    }
    try (WorkDirectory directory = new WorkDirectory()) {
      List<String> commands = new ArrayList<>();
      for (ImageSetup line : setup) {
        if (line.kind() == ImageSetup.Kind.FILE) {
          Path content = directory.path().resolve("content" + commands.size());
          write(content, line.file());
          commands.add("write " + content + " " + line.file().path());
          commands.add("sif " + line.file().path() + " mode 0100644");
        } else {
          commands.add(line.text());
        }
      }
      Path script = directory.path().resolve("commands");
      Files.write(script, commands);
      Subprocess.Result result =
          Subprocess.run(
              environment, List.of("debugfs", "-w", "-f", script.toString(), image.forE2fsprogs()));
      List<String> complaints =
          result.output().lines().filter(line -> !SILENT.matcher(line).matches()).toList();
      if (result.exit() != 0 || !complaints.isEmpty()) {
        throw new IOException("debugfs cannot set up " + setup + ": " + complaints);
      }
    }
  }

  /** Returns the content of a regular file; empty if there is no file of this path. */
  public static Optional<byte[]> read(FsImage image, String path) throws IOException {
    try (WorkDirectory directory = new WorkDirectory()) {
      Path content = directory.path().resolve("content");
      Subprocess.Result result =
          Subprocess.run(
              Map.of(),
              List.of("debugfs", "-R", "dump " + path + " " + content, image.forE2fsprogs()));
      if (Files.exists(content)) {
        return Optional.of(Files.readAllBytes(content));
      }
      if (result.output().contains("File not found")) {
        return Optional.empty();
      }
      throw new IOException("debugfs cannot read " + path + ": " + result.output().strip());
    }
  }

  private static void write(Path content, ImageSetup.File file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(content.toFile(), "rw")) {
      open.seek(file.offset());
      open.write(file.data().toArray());
    }
  }
}
