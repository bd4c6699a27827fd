// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.explore.ForwardingScheduler;
import io.pmem4j.sched.Scheduler;
import java.util.function.Consumer;

/** The production scheduler with a listener for what tasks find and do. */
final class ObservedScheduler extends ForwardingScheduler {
  private final Consumer<Enum<?>> listener;

  ObservedScheduler(Consumer<Enum<?>> listener) {
    super(Scheduler.production());
    this.listener = listener;
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    listener.accept(what);
  }
}
