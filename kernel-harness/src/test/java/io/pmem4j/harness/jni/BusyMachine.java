// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A JVM whose own signals arrive in great number while guarded accesses raise theirs: implicit null
 * checks, stack overflows, faults of mapped byte buffers, safepoints and collections. It prints its
 * counts and exits with 1 if a count is wrong. A test starts it in a process of its own.
 */
final class BusyMachine {
  private static final int PAGE = 4096;
  private static final int ROUNDS = 4_000;

  /** The least number of rounds that each worker finishes before the accesses end. */
  private static final long AT_LEAST = 20;

  private static final int ROUNDS_PER_COLLECTION = 20;

  private static final AtomicBoolean DONE = new AtomicBoolean();
  private static final Semaphore COLLECTIONS = new Semaphore(0);

  /** One way of making the JVM raise a signal to itself, over and over. */
  private record Worker(String name, Callable<Boolean> once, AtomicLong count) {
    /**
     * Compiled code delivers the error of a mapped buffer late, outside of the method's own try.
     */
    private boolean attempt() throws Exception {
      try {
        return once.call();
      } catch (InternalError e) {
        return true;
      }
    }

    boolean isBehind() {
      return count.get() < AT_LEAST;
    }

    void run() {
      try {
        do {
          if (!attempt()) {
            throw new AssertionError(name + " came out wrong");
          }
          count.incrementAndGet();
        } while (!DONE.get());
      } catch (Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }
  }

  private static String nothing;
  private static Object garbage = new Object();

  private static boolean nullCheck() {
    try {
      return nothing.length() < 0;
    } catch (NullPointerException e) {
      return true;
    }
  }

  @SuppressWarnings("InfiniteRecursion") // an overflow is what is wanted
  private static int deeper(int n) {
    return deeper(n + 1) + 1;
  }

  private static boolean stackOverflow() {
    try {
      return deeper(0) < 0;
    } catch (StackOverflowError e) {
      return true;
    }
  }

  private static boolean mappedBuffer(MappedByteBuffer beyond) {
    try {
      return beyond.get(PAGE) < 0;
    } catch (InternalError e) {
      return true;
    }
  }

  /**
   * As many as there are accesses for: a return from native code waits for a collection under way,
   * and a storm of them would let nothing else happen.
   */
  private static boolean collect() {
    COLLECTIONS.acquireUninterruptibly();
    for (int i = 0; i < 200; i++) {
      garbage = new byte[10_000];
    }
    System.gc();
    return garbage != null;
  }

  private BusyMachine() {}

  public static void main(String[] args) throws Exception {
    Path file = Files.write(Path.of(args[0]), new byte[2 * PAGE]);
    MappedByteBuffer beyond;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      beyond = channel.map(FileChannel.MapMode.READ_WRITE, 0, 2 * PAGE);
      channel.truncate(1);
    }
    List<Worker> workers =
        List.of(
            new Worker("nullChecks", BusyMachine::nullCheck, new AtomicLong()),
            new Worker("stackOverflows", BusyMachine::stackOverflow, new AtomicLong()),
            new Worker("mappedBuffers", () -> mappedBuffer(beyond), new AtomicLong()),
            new Worker("collections", BusyMachine::collect, new AtomicLong()));
    List<Thread> threads = new ArrayList<>();
    for (Worker worker : workers) {
      threads.add(Thread.ofPlatform().name(worker.name()).start(worker::run));
    }
    long guarded;
    try (KernelBridge bridge = KernelBridge.open()) {
      guarded = guardedAccesses(bridge, file.toString(), workers);
    }
    DONE.set(true);
    COLLECTIONS.release();
    for (Thread thread : threads) {
      thread.join();
    }
    for (Worker worker : workers) {
      System.out.println(worker.name() + "=" + worker.count());
    }
    System.out.println("guarded=" + guarded);
  }

  /**
   * Makes guarded accesses until all workers have finished their rounds; the parent process limits
   * the time.
   */
  private static long guardedAccesses(KernelBridge bridge, String file, List<Worker> workers)
      throws Exception {
    bridge.run(Request.of(Syscall.OPEN, 0, 2, 0).withStrings(file));
    long beyond = bridge.run(Request.of(Syscall.MMAP, 0, 0, 0, 2 * PAGE, 3, 1, 0)).result();
    long readOnly = bridge.run(Request.of(Syscall.MMAP, 1, 0, 0, PAGE, 1, 1, 0)).result();
    int i = 0;
    for (; i < ROUNDS || workers.stream().anyMatch(Worker::isBehind); i++) {
      expect(
          bridge.run(Request.of(Syscall.LOAD, 0, PAGE + i % PAGE, 1)), 7, beyond + PAGE + i % PAGE);
      if (i % ROUNDS_PER_COLLECTION == 0) {
        COLLECTIONS.release();
      }
      expect(bridge.run(Request.of(Syscall.STORE, 1, 0).withBlob(new byte[] {1})), 11, readOnly);
    }
    return 2L * i;
  }

  private static void expect(Response response, int signal, long address) {
    if (response.signo() != signal || response.faultAddress() != address) {
      throw new AssertionError(
          "signal " + response.signo() + " at " + Long.toHexString(response.faultAddress()));
    }
  }
}
