// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/** A journal in a file of a disk that the campaign does not test; one process at a time has it. */
public final class JournalFile implements Journal {
  private final FileChannel channel;
  private final JournalLines lines = new JournalLines();

  private JournalFile(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Makes a journal.
   *
   * @throws JournalException if there is one
   */
  public static JournalFile create(Path path) throws IOException {
    if (Files.exists(path) && Files.size(path) > 0) {
      throw new JournalException(
          path + " has a campaign: continue it with --resume, or name another --journal");
    }
    Path parent = path.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    JournalFile journal = open(path, StandardOpenOption.CREATE);
    if (parent != null) {
      try (FileChannel folder = FileChannel.open(parent)) {
        folder.force(true); // its name
      }
    }
    return journal;
  }

  /**
   * Opens a journal to continue it; a torn tail is cut off.
   *
   * @param to gets the records
   * @throws JournalException if it cannot be continued
   */
  public static JournalFile resume(Path path, Consumer<JournalRecord> to) throws IOException {
    if (!Files.exists(path)) {
      throw new JournalException(
          "there is no journal " + path + ": begin a campaign without --resume and --verify");
    }
    JournalFile journal = open(path, StandardOpenOption.READ);
    boolean whole = false;
    try {
      InputStream in = Channels.newInputStream(journal.channel);
      journal.lines.read(in, to);
      journal.channel.truncate(journal.lines.whole());
      journal.channel.position(journal.lines.whole());
      journal.channel.force(true);
      whole = true;
      return journal;
    } finally {
      if (!whole) {
        journal.close();
      }
    }
  }

  private static JournalFile open(Path path, StandardOpenOption option) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, option);
    boolean locked = false;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException ours) {
      locked = false;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    if (!locked) {
      throw new JournalException(
          path + " is in use by another campaign: wait for its end, or name another --journal");
    }
    return new JournalFile(channel);
  }

  @Override
  public synchronized void append(JournalRecord... records) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(lines.encode(records));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
