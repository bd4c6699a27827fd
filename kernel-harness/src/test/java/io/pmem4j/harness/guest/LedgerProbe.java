// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts the ledger of the cookbook in the guest's JVM and kills it with SIGKILL while it writes.
 * The next ledger verifies the committed entries and is killed too. The probe watches through its
 * own mapping of the file or device.
 */
final class LedgerProbe {
  private static final int LIVES = 2;
  private static final long ENTRIES_PER_LIFE = 300;
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Between two looks: the ledger has the same processor. */
  private static final long LOOK_AGAIN_NANOS = 20_000_000;

  private LedgerProbe() {}

  /**
   * Takes the command that starts a ledger, {@code --}, and files and devices, each of which is
   * added to the command; prints a line for each life of a ledger.
   */
  public static void main(String[] arguments) throws Exception {
    List<String> all = List.of(arguments);
    int end = all.indexOf("--");
    for (String place : all.subList(end + 1, all.size())) {
      List<String> command = new ArrayList<>(all.subList(0, end));
      command.add(place);
      kill(Path.of(place), command);
    }
  }

  private static void kill(Path place, List<String> command) throws Exception {
    // Mapped before the first ledger starts, which would be through with 16 MiB meanwhile.
    MapSpec spec = Files.exists(place) ? MapSpec.existing() : MapSpec.createNew(1 << 24);
    try (Arena arena = Arena.ofConfined()) {
      // A device is as its last user left it.
      Pmem.map(place, spec, arena).publishLong(0, 0);
    }
    try (Arena arena = Arena.ofConfined()) {
      // For loads alone: the ledger is exclusive, it allows no other writer.
      PmemRegion watched = Pmem.map(place, MapSpec.existing().readOnly(), arena);
      long committed = 0;
      for (int life = 1; life <= LIVES; life++) {
        Path output = Files.createTempFile("ledger", ".out");
        long seen = killAt(committed + ENTRIES_PER_LIFE, watched, start(command, output));
        String said = Files.readString(output).strip();
        long found = Long.parseLong(said.substring(0, said.indexOf(" entries found")));
        System.out.printf("%s: %s, seen before %d, killed at %d%n", place, said, committed, seen);
        if (found < committed) {
          throw new IllegalStateException((committed - found) + " committed entries are gone");
        }
        committed = seen;
      }
    }
  }

  private static Process start(List<String> command, Path output) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /** Kills the writer once so many entries are committed; answers how many were seen. */
  private static long killAt(long entries, PmemRegion watched, Process writer) throws Exception {
    long end = System.nanoTime() + BOUND_NANOS;
    try {
      while (watched.getLongAcquire(0) < entries) {
        if (!writer.isAlive() || System.nanoTime() > end) {
          throw new IllegalStateException(
              writer + " ended, or is too slow: at " + watched.getLongAcquire(0));
        }
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
      writer.destroyForcibly().waitFor();
      return watched.getLongAcquire(0);
    } finally {
      writer.destroyForcibly();
    }
  }
}
