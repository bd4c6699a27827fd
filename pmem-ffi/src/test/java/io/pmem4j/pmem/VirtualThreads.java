// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * As many virtual threads persist as there are carriers, without end; another one wakes up often.
 */
final class VirtualThreads {
  private static final int WAKES = 200;
  private static final int SECONDS = 20;

  private VirtualThreads() {}

  public static void main(String[] arguments) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region =
          Pmem.map(
              Path.of(arguments[0]).resolve("pages"),
              MapSpec.createNew(1 << 20).backend(Backend.LIBPMEM),
              arena);
      int carriers = Runtime.getRuntime().availableProcessors();
      CountDownLatch begun = new CountDownLatch(carriers);
      Thread[] threads = new Thread[carriers];
      for (int i = 0; i < carriers; i++) {
        long at = 4096L * i;
        threads[i] =
            Thread.startVirtualThread(() -> {
              begun.countDown();
              while (!stop.get()) {
                region.putLong(at, System.nanoTime());
                region.persist(at, 8);
              }
            });
      }
      begun.await();
      CountDownLatch wakes = new CountDownLatch(WAKES);
      Thread other =
          Thread.startVirtualThread(() -> {
            while (!stop.get()) {
              try {
                Thread.sleep(1);
              } catch (InterruptedException ended) {
                return;
              }
              wakes.countDown();
            }
          });
      boolean turns = wakes.await(SECONDS, TimeUnit.SECONDS);
      System.out.println(
          turns ? "the others had their turn" : "the others woke " + (WAKES - wakes.getCount()));
      stop.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      other.join();
    }
  }
}
