// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** A place of a journal: a file, or a receiver on another machine. */
public sealed interface JournalPlace {
  /** The begin of a receiver's name. */
  String REMOTE = "tcp://";

  /**
   * Opens the journal.
   *
   * @param continues false to make a new one
   * @param to gets the records of one that exists
   */
  Journal open(boolean continues, Consumer<JournalRecord> to) throws IOException;

  /** Returns the file; empty if it lies on another machine. */
  Optional<Path> file();

  /**
   * Returns the place of this name: a path, or {@code tcp://HOST:PORT}.
   *
   * @throws IllegalArgumentException if a receiver has no host or port
   */
  static JournalPlace parse(String name) {
    if (!name.startsWith(REMOTE)) {
      return new File(Path.of(name));
    }
    int colon = name.lastIndexOf(':');
    String host = name.substring(REMOTE.length(), Math.max(REMOTE.length(), colon));
    String port = name.substring(colon + 1);
    if (host.isEmpty() || !port.matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException("--journal " + name + ": expected tcp://HOST:PORT");
    }
    return new Remote(host, Integer.parseInt(port));
  }

  /** A journal in a file of this machine. */
  record File(Path path) implements JournalPlace {
    @Override
    public Journal open(boolean continues, Consumer<JournalRecord> to) throws IOException {
      return continues ? JournalFile.resume(path, to) : JournalFile.create(path);
    }

    @Override
    public Optional<Path> file() {
      return Optional.of(path);
    }
  }

  /** A receiver on another machine. */
  record Remote(String host, int port) implements JournalPlace {
    @Override
    public Journal open(boolean continues, Consumer<JournalRecord> to) throws IOException {
      return RemoteJournal.connect(host, port, continues, to);
    }

    @Override
    public Optional<Path> file() {
      return Optional.empty();
    }
  }
}
