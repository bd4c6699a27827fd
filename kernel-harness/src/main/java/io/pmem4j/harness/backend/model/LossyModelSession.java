// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.PromiseLog;
import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A program on ext2-dax whose power cuts lose what was not durable. Each mount records its stores;
 * a cut chooses a state of the crash engine, repairs it as a machine does that starts again, and
 * mounts it. What was promised has to be there.
 */
final class LossyModelSession implements Session {
  private final FsImage image;
  private final long bytes;
  private final Mount mount;
  private HeapMemory memory;
  private RecordedMemory recorded;
  private ModelSession session;
  private PromiseLog promises;
  private int returned;

  /** Mounts a memory. */
  @FunctionalInterface
  interface Mount {
    /** Returns a session on a new mount. */
    ModelSession of(PersistentMemory memory) throws BackendException;
  }

  /**
   * Mounts an image for the first time.
   *
   * @param bytes of the file system
   */
  LossyModelSession(FsImage image, long bytes, Mount mount) throws BackendException, IOException {
    this.image = image;
    this.bytes = bytes;
    this.mount = mount;
    memory = content();
    recorded = RecordedMemory.byOperation(memory);
    session = mount.of(recorded);
    promises = new PromiseLog(session.files());
  }

  private HeapMemory content() throws IOException {
    ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(bytes));
    try (FileChannel file = FileChannel.open(image.path(), StandardOpenOption.READ)) {
      long at = FsImage.OFFSET_BYTES;
      for (int read = 0; read >= 0 && content.hasRemaining(); at += Math.max(read, 0)) {
        read = file.read(content, at);
      }
    }
    HeapMemory whole = new HeapMemory(bytes);
    whole.copy(0, content.array(), 0, content.capacity());
    return whole;
  }

  private void write(HeapMemory state) throws IOException {
    byte[] content = new byte[Math.toIntExact(bytes)];
    state.read(0, content);
    try (FileChannel file = FileChannel.open(image.path(), StandardOpenOption.WRITE)) {
      FsImage.write(file, 0, content);
    }
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    if (operation instanceof Operation.LossyCut cut) {
      try {
        cut(cut.seed());
      } catch (IOException e) {
        throw BackendException.environment("model: " + e, e);
      }
      return Outcome.of(0);
    }
    Outcome outcome = session.run(operation);
    promises.add(operation, outcome, session.files());
    returned++;
    return outcome;
  }

  private void cut(long seed) throws BackendException, IOException {
    HeapMemory state = CrashStates.of(recorded.trace()).chosenAtEnd(seed);
    PromisedFiles kept = promises.at(returned, returned);
    session.abandon();
    write(state);
    String left = E2fsck.repair(image).left();
    if (!left.isEmpty()) {
      throw BackendException.promiseBroken("model: after the lossy power cut: " + left);
    }
    memory = content();
    recorded = RecordedMemory.byOperation(memory);
    session = mount.of(recorded);
    promises = new PromiseLog(session.files());
    returned = 0;
    Optional<String> broken = kept.broken(session.files());
    if (broken.isPresent()) {
      throw BackendException.promiseBroken("model: after the lossy power cut: " + broken.get());
    }
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    session.end();
    try {
      write(memory);
    } catch (IOException e) {
      throw BackendException.environment("model: " + e, e);
    }
    return Optional.of(image);
  }

  @Override
  public void abandon() {
    session.abandon();
  }
}
