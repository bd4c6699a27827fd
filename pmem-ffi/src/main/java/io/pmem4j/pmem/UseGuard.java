// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A guard that keeps a mapping in place while native code works on its raw address. A caller
 * enters, works, and exits. The clean-up of the arena shuts the guard: uses in progress get a
 * bounded time to end, and later ones are refused.
 *
 * <p>Passing the arena's segment to native code would do the same, but with one counter that all
 * threads share and contend for.
 *
 * <p><b>No use stays counted.</b> An exception between the count and the caller's {@code try} would
 * leave a count for ever. So {@link #enter} polls before it counts: there the JVM delivers the
 * fault of an earlier store. It counts last, by a store to a field, which needs no stack. If {@link
 * #exit} overflows the stack it has done nothing, and the caller lowers the count in the same way.
 *
 * <p>The poll has a second purpose. A critical call does not change the thread's state. So it does
 * not stop for a garbage collection, nor for the closing of a shared arena.
 */
abstract class UseGuard {
  private static final int MAX_STRIPES = 64;

  /** The number of counters that threads spread over. */
  private static final int STRIPES =
      Math.min(
          MAX_STRIPES, Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors() - 1));

  private static final Stripe UNCOUNTED = new Stripe();

  UseGuard() {}

  /** A count of uses on its own pair of cache lines; processors fetch lines in pairs. */
  @SuppressWarnings("UnusedVariable") // padding
  static final class Stripe {
    private long before0, before1, before2, before3, before4, before5, before6, before7;
    private long before8, before9, before10, before11, before12, before13, before14;

    /** Uses in progress. */
    volatile long uses;

    private long after0, after1, after2, after3, after4, after5, after6, after7;
    private long after8, after9, after10, after11, after12, after13, after14;

    /** Weak, so that a region does not keep the threads that once used it. */
    private volatile @Nullable WeakReference<Thread> owner;
  }

  /**
   * Begins a use. Counts only if it returns.
   *
   * @return the ticket for {@link #exit}
   * @throws IllegalStateException if the mapping is closed
   * @throws WrongThreadException if the arena is confined to another thread
   * @throws InternalError if an earlier access of this thread found no memory, see {@link
   *     MediaFault}
   */
  abstract Stripe enter();

  /**
   * Ends the use that drew this ticket.
   *
   * @throws StackOverflowError if the stack has no room for the call; {@link Stripe#uses} is then
   *     still to be lowered by one
   */
  abstract void exit(Stripe ticket);

  /**
   * Throws what {@link #enter} throws, and begins no use: for a call that touches no memory of the
   * mapping, and so may run on after it was unmapped.
   */
  void requireOpen() {
    exit(enter()); // counted nowhere, but in guards that override this
  }

  /**
   * Refuses new uses, and waits for those in progress, for two seconds at most. Called once.
   *
   * @return true if no use is left
   */
  abstract boolean shut();

  /**
   * Waits until each use that is in progress has ended, for two seconds at most; new uses may begin
   * meanwhile.
   *
   * @return true if they have ended; false also if this guard does not count uses of other threads
   */
  boolean awaitUses() {
    return false;
  }

  /** Returns true if no use is in progress; called after {@link #shut}. */
  boolean isIdle() {
    return true;
  }

  /** Returns the guard for the arena's kind. */
  static UseGuard of(Arena arena) {
    if (arena.scope().equals(Arena.global().scope())) {
      return new ForEver();
    }
    // A thread that has not started owns nothing, so only a shared arena admits it.
    boolean shared = arena.allocate(1).isAccessibleBy(new Thread(() -> {}));
    return shared ? new Striped() : new Confined();
  }

  static IllegalStateException closed() {
    return new IllegalStateException("Already closed");
  }

  /** The guard for the global arena, which is never closed. */
  private static final class ForEver extends UseGuard {
    @Override
    Stripe enter() {
      Safepoint.poll();
      return UNCOUNTED;
    }

    @Override
    void exit(Stripe ticket) {}

    @Override
    boolean shut() {
      throw new AssertionError("the global arena is never closed");
    }
  }

  /** The guard for confined arenas, whose only user is the thread that closes them. */
  private static final class Confined extends UseGuard {
    private final Thread owner = Thread.currentThread();
    private boolean shut;

    @Override
    Stripe enter() {
      if (Thread.currentThread() != owner) {
        throw new WrongThreadException("the region is confined to " + owner);
      }
      Safepoint.poll();
      if (shut) {
        throw closed();
      }
      return UNCOUNTED;
    }

    @Override
    void exit(Stripe ticket) {}

    @Override
    boolean shut() {
      shut = true;
      return true;
    }

    @Override
    boolean awaitUses() {
      return Thread.currentThread() == owner;
    }
  }

  /**
   * The guard for shared and automatic arenas. Uses are counted in stripes, so that threads do not
   * contend for a counter. The first thread that uses a stripe owns it and counts without atomic
   * instructions. A thread whose stripe has another owner claims a spare one for each use. The next
   * thread inherits the stripe of a dead owner.
   *
   * <p>enter counts and then reads {@code shut}; shut sets {@code shut} and then reads the counts.
   * Each has a full fence in between: a volatile store or a compareAndSet. So at least one side
   * sees the other: shut waits for the use, or the use is refused.
   */
  static class Striped extends UseGuard {
    private static final VarHandle USES;
    private static final VarHandle OWNER;

    static {
      try {
        MethodHandles.Lookup lookup =
            MethodHandles.privateLookupIn(Stripe.class, MethodHandles.lookup());
        USES = lookup.findVarHandle(Stripe.class, "uses", long.class);
        OWNER = lookup.findVarHandle(Stripe.class, "owner", WeakReference.class);
      } catch (ReflectiveOperationException impossible) {
        throw new ExceptionInInitializerError(impossible);
      }
    }

    private static final long LOOK_AGAIN_NANOS = 20_000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Stripe[] stripes = new Stripe[STRIPES];

    /** Stripes for single uses; added when all are claimed, never removed. */
    private volatile Stripe[] spares = {};

    private volatile boolean shut;

    Striped() {
      for (int i = 0; i < STRIPES; i++) {
        stripes[i] = new Stripe();
      }
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // the stripe is this thread's
    final Stripe enter() {
      Safepoint.poll();
      Thread self = Thread.currentThread();
      Stripe stripe = stripes[(int) self.threadId() & (STRIPES - 1)];
      WeakReference<Thread> owner = stripe.owner;
      if (owner == null || !owner.refersTo(self)) {
        return enterBeside(self, stripe);
      }
      count(stripe);
      if (shut) {
        stripe.uses--;
        throw closed();
      }
      return stripe;
    }

    /** Needs no fence: without a count it cannot delay the one that shuts. */
    @Override
    final void requireOpen() {
      Safepoint.poll();
      if (shut) {
        throw closed();
      }
    }

    /**
     * Counts a use of the owner. A test overrides it to leave out the fence of a volatile store.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // the stripe is this thread's
    void count(Stripe stripe) {
      stripe.uses = stripe.uses + 1;
    }

    static void countWithoutFence(Stripe stripe) {
      USES.setOpaque(stripe, stripe.uses + 1);
    }

    private Stripe enterBeside(Thread self, Stripe stripe) {
      WeakReference<Thread> owner = stripe.owner;
      Thread living = owner == null ? null : owner.get();
      if (living == null || !living.isAlive()) {
        // All stores of the dead owner happened before its death, which isAlive has observed.
        if (OWNER.compareAndSet(stripe, owner, new WeakReference<>(self))) {
          stripe.uses = 0;
          count(stripe);
          if (shut) {
            stripe.uses = 0;
            throw closed();
          }
          return stripe;
        }
      }
      while (true) {
        Stripe[] all = spares;
        for (Stripe spare : all) {
          if (spare.uses == 0 && USES.compareAndSet(spare, 0L, 1L)) {
            if (shut) {
              spare.uses = 0;
              throw closed();
            }
            return spare;
          }
        }
        addSpares(all);
      }
    }

    private synchronized void addSpares(Stripe[] seen) {
      if (spares.length == seen.length) {
        Stripe[] more = java.util.Arrays.copyOf(seen, Math.max(4, 2 * seen.length));
        for (int i = seen.length; i < more.length; i++) {
          more[i] = new Stripe();
        }
        spares = more;
      }
    }

    @Override
    final void exit(Stripe ticket) {
      USES.setRelease(ticket, ticket.uses - 1);
    }

    @Override
    final boolean isIdle() {
      for (Stripe stripe : stripes) {
        if (stripe.uses != 0 && isOwned(stripe)) {
          return false;
        }
      }
      for (Stripe spare : spares) {
        if (spare.uses != 0) {
          return false;
        }
      }
      return true;
    }

    /** Returns true if the owner lives; the count of a dead owner is void. */
    private static boolean isOwned(Stripe stripe) {
      WeakReference<Thread> owner = stripe.owner;
      Thread thread = owner == null ? null : owner.get();
      return thread != null && thread.isAlive();
    }

    @Override
    final boolean shut() {
      shut = true;
      return awaitUses();
    }

    @Override
    final boolean awaitUses() {
      VarHandle.fullFence();
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      boolean interrupted = false;
      boolean ended = true;
      for (Stripe stripe : stripes) {
        while (ended && stripe.uses != 0 && isOwned(stripe)) {
          ended = pause(deadline);
          interrupted |= Thread.interrupted();
        }
      }
      for (Stripe spare : spares) {
        while (ended && spare.uses != 0) {
          ended = pause(deadline);
          interrupted |= Thread.interrupted();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return ended;
    }

    /**
     * Waits a little; returns false after the deadline. An exit does not wake this thread: that
     * would cost a fence in each use. A use takes microseconds, or as long as the disk.
     */
    private boolean pause(long deadline) {
      LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
      return System.nanoTime() - deadline < 0;
    }
  }
}
