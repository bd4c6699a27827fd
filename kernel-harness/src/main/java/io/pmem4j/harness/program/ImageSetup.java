// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Locale;
import java.util.Set;

/**
 * A line that prepares the file system of a program before it is mounted, as {@code setup file /p
 * x41*4096}.
 *
 * @param kind what the line does
 * @param text the words after the kind
 */
public record ImageSetup(Kind kind, String text) {
  /** The action of a line. */
  public enum Kind {
    /** Makes a regular file, mode 0644: its path, its data, and the offset of the data. */
    FILE,
    /** A command of debugfs(8) that leaves the file system in order. */
    DEBUGFS,
    /**
     * A command of debugfs(8) that damages the file system. What the kernel then reports as an
     * error of the file system is no finding, and e2fsck is not asked.
     */
    DAMAGE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Commands that change the file system and touch no file of the host. */
  private static final Set<String> COMMANDS =
      Set.of(
          "clri",
          "fallocate",
          "freeb",
          "freei",
          "kill_file",
          "link",
          "mkdir",
          "mknod",
          "rm",
          "rmdir",
          "set_bg",
          "setb",
          "seti",
          "sif",
          "ssv",
          "symlink",
          "unlink");

  /** Checks the words: {@link IllegalArgumentException}. */
  public ImageSetup {
    if (kind == Kind.FILE) {
      File.of(text);
    } else {
      String command = text.split("\\s+", 2)[0];
      if (!COMMANDS.contains(command)) {
        throw new IllegalArgumentException(
            "unknown debugfs command '" + command + "', expected one of " + COMMANDS);
      }
    }
  }

  /**
   * A file of {@link Kind#FILE}.
   *
   * @param path in the file system
   * @param data its data
   * @param offset bytes before the data, which are a hole
   */
  public record File(String path, Bytes data, long offset) {
    static File of(String text) {
      LineScanner words = new LineScanner(text);
      String path = words.path();
      Bytes data = words.data();
      long offset = words.hasMore() ? words.number("offset") : 0;
      words.end();
      if (offset < 0 || offset > ImageShape.MAX_BYTES) {
        throw new IllegalArgumentException(
            "offset of a prepared file is " + offset + ", expected 0 to " + ImageShape.MAX_BYTES);
      }
      return new File(path, data, offset);
    }
  }

  /** Returns the file that a line of {@link Kind#FILE} makes. */
  public File file() {
    return File.of(text);
  }

  /** Reads the words after {@code setup}. */
  public static ImageSetup parse(String line) {
    String[] parts = line.strip().split("\\s+", 2);
    for (Kind kind : Kind.values()) {
      if (kind.toString().equals(parts[0]) && parts.length == 2) {
        return new ImageSetup(kind, parts[1].replaceAll("\\s+", " "));
      }
    }
    throw new IllegalArgumentException(
        "unknown setup '" + line + "', expected file, debugfs or damage and what to do");
  }

  /** Returns the text that {@link #parse} reads. */
  @Override
  public String toString() {
    return kind + " " + text;
  }
}
