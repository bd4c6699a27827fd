// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.ForwardingScheduler;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.sched.Scheduler;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Tasks that an explorer runs on one thread: what one of them waits for is not the other's. */
class FlusherTest {
  private static final int PID = 5;
  private static final int FLUSHER_PID = 8;
  private static final Credentials USER = Credentials.user(1000, 1000);

  private final AtomicReference<String> task = new AtomicReference<>("one");
  private final Flusher flusher =
      new Flusher(
          Instrumentation.production()
              .withAllocatorPid(() -> PID)
              .withFlusherPid(() -> FLUSHER_PID)
              .withAllocatorUser(() -> USER)
              .withScheduler(
                  new ForwardingScheduler(Scheduler.production()) {
                    @Override
                    public Object currentTask() {
                      return task.get();
                    }
                  }));

  @Test
  void eachTaskHasItsOwnIdentity() throws Ext2Exception {
    flusher.run(() -> {
      assertFlusher();
      task.set("other");
      assertCaller();
      task.set("one");
      flusher.run(this::assertFlusher);
      assertFlusher();
    });
    assertCaller();
  }

  private void assertFlusher() {
    assertThat(flusher.currentPid()).isEqualTo(FLUSHER_PID);
    assertThat(flusher.currentUser()).isEqualTo(Credentials.ROOT);
  }

  private void assertCaller() {
    assertThat(flusher.currentPid()).isEqualTo(PID);
    assertThat(flusher.currentUser()).isEqualTo(USER);
  }
}
