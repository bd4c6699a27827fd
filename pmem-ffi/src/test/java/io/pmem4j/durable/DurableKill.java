// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Writes numbered records to several sets of all structures, each structure by a thread of its own,
 * until it is killed. Arguments: the folders of the sets. It gets ready, reads the number of
 * records after which it reports, and for each structure the number of the last record. A counter
 * in the file {@code acknowledged} of a set has the number of the last durable record: the kernel
 * keeps a store to shared memory when the process is killed.
 */
final class DurableKill {
  /** The distance of two counters in bytes: threads do not share a line. */
  private static final int COUNTER_BYTES = 64;

  private DurableKill() {}

  public static void main(String[] arguments) throws Exception {
    List<String> names = KilledStructure.NAMES;
    getReady(Path.of(arguments[0]));
    Scanner orders = new Scanner(System.in);
    long records = orders.nextLong();
    int structures = orders.nextInt();
    AtomicLong written = new AtomicLong();
    AtomicInteger begun = new AtomicInteger();
    AtomicBoolean reported = new AtomicBoolean();
    List<Runnable> writers = new ArrayList<>();
    for (String argument : arguments) {
      Path folder = Path.of(argument);
      PersistentMemory counters = counters(folder, Arena.global());
      for (int i = 0; i < names.size(); i++) {
        long last = orders.nextLong();
        int counter = i * COUNTER_BYTES;
        KilledStructure structure = KilledStructure.open(names.get(i), folder);
        writers.add(() -> {
          for (long n = last + 1; ; n++) {
            structure.write(n);
            counters.putLongRelease(counter, n);
            int all = n == last + 1 ? begun.incrementAndGet() : begun.get();
            if (written.incrementAndGet() >= records
                && all >= structures
                && reported.compareAndSet(false, true)) {
              System.out.write('r');
              System.out.flush();
            }
          }
        });
      }
    }
    for (Runnable writer : writers) {
      Thread.ofPlatform().uncaughtExceptionHandler(DurableKill::end).start(writer);
    }
    var _ = orders.hasNext(); // until the end of the process that would kill this one
    Runtime.getRuntime().halt(0);
  }

  private static PersistentMemory counters(Path folder, Arena arena) throws IOException {
    long bytes = (long) KilledStructure.NAMES.size() * COUNTER_BYTES;
    return Pmem.map(folder.resolve("acknowledged"), MapSpec.openOrCreate(bytes), arena);
  }

  /** Returns the numbers of the last acknowledged records of a set, 0 for none. */
  static long[] acknowledged(Path folder) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PersistentMemory counters = counters(folder, arena);
      return IntStream.range(0, KilledStructure.NAMES.size())
          .mapToLong(i -> counters.getLong((long) i * COUNTER_BYTES))
          .toArray();
    }
  }

  private static void end(Thread thread, Throwable failure) {
    failure.printStackTrace();
    Runtime.getRuntime().halt(3);
  }

  /** Loads the classes, so that a process which waits for its turn is fast then. */
  private static void getReady(Path parent) throws Exception {
    Path folder = Files.createTempDirectory(parent, "ready");
    for (String name : KilledStructure.NAMES) {
      try (KilledStructure structure = KilledStructure.open(name, folder)) {
        structure.write(1);
        structure.last();
      }
      Files.delete(folder.resolve(name));
    }
    Files.delete(folder);
  }
}
