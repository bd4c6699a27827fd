// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.sched.Scheduler;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The surroundings of a mount: what the kernel takes from the running system, and what tools
 * replace or observe. With equal surroundings two runs are equal byte for byte. Immutable.
 *
 * @param clock the time, seconds since the epoch
 * @param generationBase {@code i_generation} of the first inode made
 * @param allocatorPid the process id that colours the place of a file's first block
 * @param allocatorUser the identity that takes blocks: the last ones are for the super-user
 * @param topDirectoryStart the group where Orlov's search for a directory below the root begins, as
 *     a number that is taken modulo the number of groups; random in the kernel
 * @param umask permissions that created files do not get
 * @param scheduler where tasks wait
 * @param variation replaces parts for experiments; {@link Variation#NONE} in production
 * @param isolationChecks true if each truncation checks, before it lets faults in again, that
 *     nothing is left past the size, and each handler of a store to a read-only page checks, before
 *     it lets truncation in, that the page is not; an {@link IsolationViolation} if not. For tests
 * @param lockValidators accepts the lock check of each volume that is opened
 * @param cachePages pages of memory, 4096 bytes each, that the contents of files without DAX may
 *     take; at least 1
 * @param cachedInodes inodes that may be in memory, some KiB each, before files and links that
 *     nobody uses and that the medium has leave it; at least 1
 * @param flusherPid the process id that takes the place of {@code allocatorPid} when sync or
 *     unmount allocates: that of the kernel's thread
 */
public record Instrumentation(
    LongSupplier clock,
    int generationBase,
    IntSupplier allocatorPid,
    Supplier<Credentials> allocatorUser,
    IntSupplier topDirectoryStart,
    int umask,
    Scheduler scheduler,
    Variation variation,
    boolean isolationChecks,
    Consumer<LockValidator> lockValidators,
    int cachePages,
    int cachedInodes,
    IntSupplier flusherPid) {

  private static final Instrumentation PRODUCTION =
      new Instrumentation(
          () -> System.currentTimeMillis() / 1000,
          (int) System.nanoTime(),
          () -> (int) ProcessHandle.current().pid(),
          () -> Credentials.ROOT,
          () -> ThreadLocalRandom.current().nextInt(),
          0022,
          Scheduler.production(),
          Variation.NONE,
          false,
          _ -> {},
          1 << 14,
          1 << 15,
          () -> 0);

  /** Returns the surroundings of a product: the clock of the system, no checks, no replacements. */
  public static Instrumentation production() {
    return PRODUCTION;
  }

  /** This instrumentation with another {@link #clock}. */
  public Instrumentation withClock(LongSupplier value) {
    return changed(parts -> parts.clock = value);
  }

  /** This instrumentation with another {@link #generationBase}. */
  public Instrumentation withGenerationBase(int value) {
    return changed(parts -> parts.generationBase = value);
  }

  /** This instrumentation with another {@link #allocatorPid}. */
  public Instrumentation withAllocatorPid(IntSupplier value) {
    return changed(parts -> parts.allocatorPid = value);
  }

  /** This instrumentation with another {@link #allocatorUser}. */
  public Instrumentation withAllocatorUser(Supplier<Credentials> value) {
    return changed(parts -> parts.allocatorUser = value);
  }

  /** This instrumentation with another {@link #topDirectoryStart}. */
  public Instrumentation withTopDirectoryStart(IntSupplier value) {
    return changed(parts -> parts.topDirectoryStart = value);
  }

  /** This instrumentation with another {@link #umask}. */
  public Instrumentation withUmask(int value) {
    return changed(parts -> parts.umask = value);
  }

  /** This instrumentation with another {@link #scheduler}. */
  public Instrumentation withScheduler(Scheduler value) {
    return changed(parts -> parts.scheduler = value);
  }

  /** This instrumentation with another {@link #variation}. */
  public Instrumentation withVariation(Variation value) {
    return changed(parts -> parts.variation = value);
  }

  /** This instrumentation with another {@link #isolationChecks}. */
  public Instrumentation withIsolationChecks(boolean value) {
    return changed(parts -> parts.isolationChecks = value);
  }

  /** This instrumentation with another {@link #lockValidators}. */
  public Instrumentation withLockValidators(Consumer<LockValidator> value) {
    return changed(parts -> parts.lockValidators = value);
  }

  /** This instrumentation with another {@link #cachePages}. */
  public Instrumentation withCachePages(int value) {
    return changed(parts -> parts.cachePages = value);
  }

  /** This instrumentation with another {@link #cachedInodes}. */
  public Instrumentation withCachedInodes(int value) {
    return changed(parts -> parts.cachedInodes = value);
  }

  /** This instrumentation with another {@link #flusherPid}. */
  public Instrumentation withFlusherPid(IntSupplier value) {
    return changed(parts -> parts.flusherPid = value);
  }

  private Instrumentation changed(Consumer<Parts> change) {
    Parts parts = new Parts(this);
    change.accept(parts);
    return parts.instrumentation();
  }

  /** The components, while one of them changes. */
  private static final class Parts {
    private LongSupplier clock;
    private int generationBase;
    private IntSupplier allocatorPid;
    private Supplier<Credentials> allocatorUser;
    private IntSupplier topDirectoryStart;
    private int umask;
    private Scheduler scheduler;
    private Variation variation;
    private boolean isolationChecks;
    private Consumer<LockValidator> lockValidators;
    private int cachePages;
    private int cachedInodes;
    private IntSupplier flusherPid;

    private Parts(Instrumentation from) {
      clock = from.clock;
      generationBase = from.generationBase;
      allocatorPid = from.allocatorPid;
      allocatorUser = from.allocatorUser;
      topDirectoryStart = from.topDirectoryStart;
      umask = from.umask;
      scheduler = from.scheduler;
      variation = from.variation;
      isolationChecks = from.isolationChecks;
      lockValidators = from.lockValidators;
      cachePages = from.cachePages;
      cachedInodes = from.cachedInodes;
      flusherPid = from.flusherPid;
    }

    private Instrumentation instrumentation() {
      return new Instrumentation(
          clock,
          generationBase,
          allocatorPid,
          allocatorUser,
          topDirectoryStart,
          umask,
          scheduler,
          variation,
          isolationChecks,
          lockValidators,
          cachePages,
          cachedInodes,
          flusherPid);
    }
  }
}
