// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a mapping in place while native code works on its raw address. A caller enters, works, and
 * exits; the clean-up of the arena shuts the guard, which waits for those inside and turns away
 * those who come later.
 *
 * <p>Passing the arena's segment to native code instead would do the same with one counter that all
 * threads share, and cost microseconds a call where many cores persist at once.
 *
 * <p>Guards also poll for safepoints now and then. The compiler takes a critical call for one that
 * polls and drops the poll of the loop around it; without ours, threads that do nothing but persist
 * can never be stopped, and neither a garbage collection nor the closing of a shared arena ends.
 */
abstract class UseGuard {
  /** Every how many uses a safepoint poll is made, less one: some 1 ns a use. */
  private static final int POLL_MASK = 31;

  private static final int MAX_STRIPES = 64;

  /** Counters there are for threads to spread over. */
  private static final int STRIPES =
      Math.min(
          MAX_STRIPES, Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors() - 1));

  UseGuard() {}

  /**
   * A use begins.
   *
   * @return the ticket for {@link #exit}
   * @throws IllegalStateException if the mapping is closed
   * @throws WrongThreadException if the arena is confined to another thread
   */
  abstract int enter();

  /** The use that drew this ticket ends. */
  abstract void exit(int ticket);

  /** No use begins any more; returns when none is left. Called once. */
  abstract void shut();

  /** The guard that an arena's way of closing asks for. */
  static UseGuard of(Arena arena) {
    if (arena.scope().equals(Arena.global().scope())) {
      return new ForEver();
    }
    // A thread that has not started owns nothing: only an arena without owner lets it in.
    boolean shared = arena.allocate(1).isAccessibleBy(new Thread(() -> {}));
    return shared ? new Striped() : new Confined();
  }

  static IllegalStateException closed() {
    return new IllegalStateException("Already closed");
  }

  /**
   * For the global arena, which is never closed: nothing to wait for, only the poll. Its counters
   * lose updates when threads share one, which makes polls rarer, by at most as many threads.
   */
  private static final class ForEver extends UseGuard {
    private final int[] uses = new int[(STRIPES + 1) * 2 * Striped.STRIDE];

    @Override
    int enter() {
      int stripe =
          (((int) Thread.currentThread().threadId() & (STRIPES - 1)) + 1) * 2 * Striped.STRIDE;
      if ((++uses[stripe] & POLL_MASK) == 0) {
        Safepoint.poll();
      }
      return 0;
    }

    @Override
    void exit(int ticket) {}

    @Override
    void shut() {
      throw new AssertionError("the global arena is never closed");
    }
  }

  /** For confined arenas: the one thread that may use is the one that closes. */
  private static final class Confined extends UseGuard {
    private final Thread owner = Thread.currentThread();
    private int uses;
    private boolean shut;

    @Override
    int enter() {
      if (Thread.currentThread() != owner) {
        throw new WrongThreadException("the region is confined to " + owner);
      }
      if (shut) {
        throw closed();
      }
      if ((++uses & POLL_MASK) == 0) {
        Safepoint.poll();
      }
      return 0;
    }

    @Override
    void exit(int ticket) {}

    @Override
    void shut() {
      shut = true;
    }
  }

  /**
   * For shared, automatic and global arenas. Uses are counted in stripes, one per thread as far as
   * they go round, so that threads do not contend for a counter.
   *
   * <p>A stripe holds the uses in progress in its lower half and the uses ever in its upper half,
   * which tells when to poll: threads that share a stripe and have been stopped no longer count, so
   * that each of them gets to the poll.
   *
   * <p>enter counts itself in and then looks at {@code shut}; shut sets {@code shut} and then looks
   * at the counts. All four are volatile accesses in one total order, so at least one side sees the
   * other: either shut waits for the use, or the use is turned away.
   */
  private static final class Striped extends UseGuard {
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

    /** Two cache lines apart, because processors fetch lines in pairs. */
    private static final int STRIDE = 128 / Long.BYTES;

    private static final long ONE_MORE = (1L << Integer.SIZE) + 1;

    private final long[] counts = new long[(STRIPES + 1) * STRIDE];
    private volatile boolean shut;
    private volatile @Nullable Thread closer;

    @Override
    int enter() {
      // The array's first line is its header's: stripes begin after it.
      int ticket = (((int) Thread.currentThread().threadId() & (STRIPES - 1)) + 1) * STRIDE;
      long before = (long) COUNT.getAndAdd(counts, ticket, ONE_MORE);
      if (shut) {
        exit(ticket);
        throw closed();
      }
      if (((int) (before >>> Integer.SIZE) & POLL_MASK) == 0) {
        Safepoint.poll();
      }
      return ticket;
    }

    @Override
    void exit(int ticket) {
      COUNT.getAndAdd(counts, ticket, -1L);
      Thread waiting = closer;
      if (waiting != null) {
        LockSupport.unpark(waiting);
      }
    }

    @Override
    void shut() {
      closer = Thread.currentThread();
      shut = true;
      boolean interrupted = false;
      for (int stripe = 1; stripe <= STRIPES; stripe++) {
        // One look at zero is enough for a stripe: whoever is counted in after it is turned away.
        while ((int) (long) COUNT.getVolatile(counts, stripe * STRIDE) != 0) {
          LockSupport.park(this);
          interrupted |= Thread.interrupted();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
