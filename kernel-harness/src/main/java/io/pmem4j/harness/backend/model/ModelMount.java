// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The way in which a run of the model mounts: the options of mount(8), and the surroundings.
 *
 * @param options the options of mount(8)
 * @param instrumentation the clock, the choices and the checks
 */
public record ModelMount(MountOptions options, Instrumentation instrumentation) {
  /** Returns this mount with another scheduler. */
  public ModelMount on(Scheduler scheduler) {
    return new ModelMount(options, instrumentation.withScheduler(scheduler));
  }

  /** Returns this mount with another clock. */
  public ModelMount at(LongSupplier clock) {
    return new ModelMount(options, instrumentation.withClock(clock));
  }

  /** Returns this mount with a listener for its lock check. */
  public ModelMount observing(Consumer<LockValidator> listener) {
    return new ModelMount(options, instrumentation.withLockValidators(listener));
  }

  /** Mounts a file system. */
  public Ext2FileSystem of(PersistentMemory memory) throws Ext2Exception {
    return Ext2FileSystem.mount(memory, options, instrumentation);
  }
}
