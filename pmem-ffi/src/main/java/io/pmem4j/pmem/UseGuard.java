// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
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
 * <p>Guards also poll for safepoints now and then. A critical call is made without a change of the
 * thread's state, so nothing in it stops for a garbage collection or for the closing of a shared
 * arena, and nothing promises that a compiled loop around it polls: a compiler may take any call
 * for one that does. Loops that do nothing but persist were stopped without our poll too where we
 * tried (JDK 25.0, C2); with it that does not depend on the compiler.
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

  /**
   * An arena for what is touched in uses of this guard alone: as wide as the guard is. To be closed
   * by {@link #close} when the guard has been shut, or was never used.
   */
  @SuppressWarnings("MustBeClosed") // by close
  Arena arena() {
    return Arena.ofShared();
  }

  /** Closes what {@link #arena} gave. */
  void close(Arena ours) {
    ours.close();
  }

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
    Arena arena() {
      return Arena.global();
    }

    /** A mapping that could not be handed over stays: the global arena gives nothing back. */
    @Override
    void close(Arena ours) {}

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
    @SuppressWarnings("MustBeClosed") // by close
    Arena arena() {
      return Arena.ofConfined();
    }

    @Override
    void shut() {
      shut = true;
    }
  }

  /**
   * For shared and automatic arenas. Uses are counted in stripes, so that threads do not contend
   * for a counter. The first thread that comes to a stripe has it to itself and counts with plain
   * stores and one fence; threads that come to a stripe of another count atomically beside it. When
   * an owner is dead the next one who comes inherits.
   *
   * <p>A count holds the uses in progress in its lower half and the uses ever in its upper half,
   * which tells when to poll: threads that share a count and have been stopped no longer move it,
   * so that each of them gets to the poll.
   *
   * <p>enter counts itself in and then looks at {@code shut}; shut sets {@code shut} and then looks
   * at the counts; each has a full fence in between (an atomic addition is one). So at least one
   * side sees the other: either shut waits for the use, or the use is turned away.
   */
  static class Striped extends UseGuard {
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle OWNER =
        MethodHandles.arrayElementVarHandle(WeakReference[].class);

    /** Two cache lines apart, because processors fetch lines in pairs. */
    private static final int STRIDE = 128 / Long.BYTES;

    private static final long LOOK_AGAIN_NANOS = 20_000;
    private static final long ONE_MORE = (1L << Integer.SIZE) + 1;

    /**
     * Of each stripe the owner's count at its stride and the others' at the next: the array's first
     * line is its header's, so stripes begin after it.
     */
    private final long[] counts = new long[(2 * STRIPES + 1) * STRIDE];

    /** Weak, because a thread must not be kept for the regions that it once used. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private final @Nullable WeakReference<Thread>[] owners = new WeakReference[STRIPES];

    private volatile boolean shut;

    @Override
    final int enter() {
      Thread self = Thread.currentThread();
      int stripe = (int) self.threadId() & (STRIPES - 1);
      int ticket = (2 * stripe + 1) * STRIDE;
      WeakReference<Thread> owner = owners[stripe];
      if (owner == null || !owner.refersTo(self)) {
        return enterBeside(self, stripe);
      }
      long before = (long) COUNT.get(counts, ticket);
      COUNT.setOpaque(counts, ticket, before + ONE_MORE);
      fence();
      if (shut) {
        exit(ticket);
        throw closed();
      }
      poll(before);
      return ticket;
    }

    /** Between counting in and looking whether it is shut. A test leaves it out. */
    void fence() {
      VarHandle.fullFence();
    }

    private int enterBeside(Thread self, int stripe) {
      // Volatile: the reference has to be seen as it was made, not as one that holds nobody.
      @SuppressWarnings("unchecked")
      WeakReference<Thread> owner = (WeakReference<Thread>) OWNER.getVolatile(owners, stripe);
      Thread living = owner == null ? null : owner.get();
      if (living == null || !living.isAlive()) {
        // Whatever the dead one left has happened before its death, which isAlive has seen.
        OWNER.compareAndSet(owners, stripe, owner, new WeakReference<>(self));
      }
      int ticket = (2 * stripe + 2) * STRIDE;
      long before = (long) COUNT.getAndAdd(counts, ticket, ONE_MORE);
      if (shut) {
        exit(ticket);
        throw closed();
      }
      poll(before);
      return ticket;
    }

    private static void poll(long before) {
      if (((int) (before >>> Integer.SIZE) & POLL_MASK) == 0) {
        Safepoint.poll();
      }
    }

    @Override
    final void exit(int ticket) {
      if ((ticket / STRIDE & 1) != 0) {
        COUNT.setRelease(counts, ticket, (long) COUNT.get(counts, ticket) - 1);
      } else {
        COUNT.getAndAdd(counts, ticket, -1L);
      }
    }

    @Override
    final void shut() {
      shut = true;
      VarHandle.fullFence();
      boolean interrupted = false;
      for (int count = 1; count <= 2 * STRIPES; count++) {
        // One look at zero is enough for a count: whoever is counted in after it is turned away.
        while ((int) (long) COUNT.getVolatile(counts, count * STRIDE) != 0) {
          // Nobody who leaves looks for somebody to wake: that would take a fence in each use. A
          // use takes microseconds, or as long as the disk.
          LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
          interrupted |= Thread.interrupted();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
