// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * The results of one part of a campaign: a line of JSON for its settings, one for each program and
 * one for the end of each run. A line counts when its end is there, so a run that is killed loses
 * the line that it was writing, and is resumed. Not thread-safe.
 */
public final class CampaignFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final Set<String> done;

  private CampaignFile(Path path, FileChannel channel, Set<String> done) {
    this.path = path;
    this.channel = channel;
    this.done = done;
  }

  /**
   * Opens the file of a part, or makes it.
   *
   * @throws IOException if it cannot be written, another process writes it, or it is none
   * @throws IllegalArgumentException if it is of another campaign or part
   */
  public static CampaignFile resume(Path path, CampaignSettings settings) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean opened = false;
    try {
      if (channel.tryLock() == null) {
        throw new IOException(path + ": another process writes it");
      }
      CampaignLines.requireOurs(path);
      Set<String> done = new HashSet<>();
      long bytes = CampaignLines.read(path, new Resumed(path, settings, done));
      channel.truncate(bytes);
      channel.position(bytes);
      if (bytes == 0) {
        write(channel, CampaignLines.Kind.SETTINGS, settings);
      }
      opened = true;
      return new CampaignFile(path, channel, done);
    } catch (OverlappingFileLockException e) {
      throw new IOException(path + ": this process writes it already", e);
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  /** Collects the names of the programs that are done, and refuses another part. */
  private record Resumed(Path path, CampaignSettings settings, Set<String> done)
      implements CampaignLines.Visitor {
    @Override
    public void settings(CampaignSettings found) {
      if (!found.isResumedBy(settings)) {
        throw new IllegalArgumentException(
            path
                + " is of another campaign or shard: it has "
                + found.describe()
                + ", this run "
                + settings.describe());
      }
    }

    @Override
    public void program(ProgramLine line) {
      done.add(line.program());
    }

    @Override
    public void end(CampaignEnd end) {}
  }

  private static void write(FileChannel channel, CampaignLines.Kind kind, Object value)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(CampaignLines.of(kind, value));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
  }

  /** Tells if a program has its line, from this run or one before. */
  public boolean has(String program) {
    return done.contains(program);
  }

  /** Returns how many programs had their line when the file was opened. */
  public int resumed() {
    return done.size();
  }

  /** Adds the line of a program; it is on the disk when this returns. */
  public void add(ProgramLine line) throws IOException {
    write(channel, CampaignLines.Kind.PROGRAM, line);
  }

  /** Adds the end of a run. */
  public void end(CampaignEnd end) throws IOException {
    write(channel, CampaignLines.Kind.END, end);
  }

  /** Returns the path. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
