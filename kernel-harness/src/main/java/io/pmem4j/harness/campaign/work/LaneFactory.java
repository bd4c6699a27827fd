// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** The lanes of one worker. Each file and device is exclusive to it while it lives. */
public class LaneFactory {
  /** A worker of a campaign that was killed ends as soon as its operation does. */
  private static final Duration LOCK_BOUND = Duration.ofSeconds(20);

  private static final long LOCK_AGAIN_MILLIS = 50;

  private final Map<Path, PersistentMemory> devices = new HashMap<>();

  /**
   * Opens a lane, and makes it if nothing of it was promised.
   *
   * @throws LostException if its file is not there
   */
  public Lane open(LaneSpec spec, long promised, KillPoint.Listener points)
      throws IOException, LostException {
    Payload payload = new Payload(spec.seed());
    if (spec.kind() == LaneKind.FILES) {
      return new FileLane(spec.path(), payload, points);
    }
    PersistentMemory memory =
        new PointedMemory(
            spec.onDevice() ? device(spec) : file(spec, promised), points, spec.deep());
    return switch (spec.kind()) {
      case REGION -> new RingLane(memory, payload);
      case LOG -> new StructureLane.Log(memory, payload);
      case MAP -> new StructureLane.Tree(memory, payload);
      case SLOTS -> new StructureLane.Slots(memory, payload);
      case CELL -> new StructureLane.Cell(memory, payload);
      case FILES -> throw new IllegalStateException(spec.toString());
    };
  }

  private PersistentMemory device(LaneSpec spec) throws IOException {
    PersistentMemory device = devices.get(spec.path());
    if (device == null) {
      device = locked(() -> Pmem.map(spec.path(), MapSpec.existing().exclusive(), Arena.global()));
      devices.put(spec.path(), device);
    }
    return device.slice(spec.offset(), LaneSpec.BYTES);
  }

  private static PersistentMemory file(LaneSpec spec, long promised)
      throws IOException, LostException {
    MapSpec how = promised > 0 ? MapSpec.existing() : MapSpec.openOrCreate(LaneSpec.BYTES);
    try {
      PmemFile file = locked(() -> PmemFile.open(spec.path(), how.exclusive()));
      if (file.length() < LaneSpec.BYTES) {
        throw new LostException(
            "%s: %d bytes, expected %d".formatted(spec.path(), file.length(), LaneSpec.BYTES));
      }
      return file.region(0, LaneSpec.BYTES, Arena.global());
    } catch (NoSuchFileException gone) {
      throw new LostException("file " + spec.path() + " is not there");
    }
  }

  @FunctionalInterface
  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T locked(Opening<T> opening) throws IOException {
    long end = System.nanoTime() + LOCK_BOUND.toNanos();
    while (true) {
      try {
        return opening.open();
      } catch (FileLockedException busy) {
        if (System.nanoTime() > end) {
          throw busy;
        }
        try {
          Thread.sleep(LOCK_AGAIN_MILLIS); // flock has no wait with a limit
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw busy;
        }
      }
    }
  }
}
