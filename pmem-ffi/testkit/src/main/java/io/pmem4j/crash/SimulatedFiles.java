// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.RegionProvider;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of a medium: recorded ones during a run, and parts of a crash state during a check. A
 * file that a check creates is gone with its state, and crashes inside recovery do not tear it.
 */
final class SimulatedFiles implements RegionProvider, AutoCloseable {
  private final RecordedMemory recording;
  private final Map<Path, RecordedMemory> recorded = new HashMap<>();
  private final Map<Path, PersistentMemory> created = new HashMap<>();
  private final Registration registration;
  private @Nullable PersistentMemory state;
  private Acknowledgements acknowledgements = Acknowledgements.none();

  SimulatedFiles(Path folder, Granularity granularity) {
    this.recording = RecordedMemory.ofFiles(granularity);
    this.registration = RegionProvider.register(folder, this);
  }

  RecordedMemory recording() {
    return recording;
  }

  Acknowledgements acknowledgements() {
    return acknowledgements;
  }

  /** Ends the run; returns its trace. */
  StoreTrace endRun() {
    return recording.trace();
  }

  /** Lets paths lead into a crash state. */
  void enter(PersistentMemory crashed, Acknowledgements before) {
    state = crashed;
    acknowledgements = before;
    created.clear();
  }

  @Override
  public Optional<PersistentMemory> find(Path path) {
    RecordedMemory file = recorded.get(path);
    if (state == null) {
      return Optional.ofNullable(file);
    }
    if (file == null || acknowledgements.get(Acknowledgements.file(path.toString())) == 0) {
      return Optional.ofNullable(created.get(path));
    }
    return Optional.of(state.slice(file.base(), file.byteSize()));
  }

  @Override
  public PersistentMemory create(Path path, long bytes) throws IOException {
    if (bytes > Integer.MAX_VALUE) {
      throw new FileSystemException(
          path.toString(), null, bytes + " bytes are more than a simulated medium has (2^31 - 1)");
    }
    if (state != null) {
      created.put(path, new HeapMemory(bytes, state.granularity()));
      return created.get(path);
    }
    RecordedMemory file = recording.addFile(path.toString(), bytes);
    recorded.put(path, file);
    return file;
  }

  @Override
  public void close() {
    registration.close();
  }
}
