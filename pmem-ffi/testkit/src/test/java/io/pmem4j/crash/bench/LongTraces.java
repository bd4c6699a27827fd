// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash.bench;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.DurabilityRules;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The time that traces of many records take: to record them, to follow them to a state of a crash
 * after the last one, and to judge them by the rules for any program. Argument: the number of lines
 * stored to, 1,000,000 if there is none.
 */
final class LongTraces {
  private static final int LINE = 64;

  private LongTraces() {}

  public static void main(String[] arguments) throws InterruptedException {
    int lines = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    StoreTrace flushed = recorded(lines);
    for (CrashMode mode : CrashMode.values()) {
      follow("each line flushed, a drain for eight", flushed, mode);
    }
    StoreTrace pending = besidePendingStores(lines);
    for (CrashMode mode : CrashMode.values()) {
      follow("half pending of another thread, half drained", pending, mode);
    }
    time("rules, each line flushed", () -> DurabilityRules.check(flushed, CrashMode.X86).size());
    time("rules, half pending", () -> DurabilityRules.check(pending, CrashMode.X86).size());
  }

  private static StoreTrace recorded(int lines) {
    for (boolean byOperation : new boolean[] {false, true}) {
      HeapMemory heap = new HeapMemory((long) lines * LINE);
      RecordedMemory memory =
          byOperation ? RecordedMemory.byOperation(heap) : RecordedMemory.over(heap);
      time(
          byOperation ? "record, by operation" : "record, with lines of code",
          () -> {
            persistAll(memory, 0, lines);
            return memory.trace().events().size();
          });
      if (byOperation) {
        return memory.trace();
      }
    }
    throw new AssertionError();
  }

  private static void persistAll(RecordedMemory memory, int from, int to) {
    for (int line = from; line < to; line++) {
      memory.putLong((long) line * LINE, -1);
      memory.flush((long) line * LINE, Long.BYTES);
      if (line % 8 == 7) {
        memory.drain();
      }
    }
  }

  private static StoreTrace besidePendingStores(int lines) throws InterruptedException {
    RecordedMemory memory = RecordedMemory.byOperation(new HeapMemory((long) lines * LINE));
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              for (int line = 0; line < lines / 2; line++) {
                memory.putLong((long) line * LINE, 1);
              }
            });
    other.join();
    persistAll(memory, lines / 2, lines);
    return memory.trace();
  }

  private static void follow(String what, StoreTrace trace, CrashMode mode) {
    time(mode + ", " + what, () -> CrashStates.of(trace).mode(mode).chosenAtEnd(1).getLong(0));
  }

  private static void time(String what, LongSupplier work) {
    long begin = System.nanoTime();
    long result = work.getAsLong();
    System.out.printf(
        Locale.ROOT, "%-60s %8.2f s (%d)%n", what, (System.nanoTime() - begin) / 1e9, result);
  }
}
