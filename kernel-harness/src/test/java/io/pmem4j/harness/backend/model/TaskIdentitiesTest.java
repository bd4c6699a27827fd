// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.backend.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.ForwardingScheduler;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.sched.Scheduler;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Tasks that an explorer runs on one thread, on behalf of different users. */
class TaskIdentitiesTest {
  @Test
  void eachTaskHasItsOwnIdentity() throws Exception {
    AtomicReference<String> task = new AtomicReference<>("one");
    TaskIdentities identities =
        new TaskIdentities(
            new ForwardingScheduler(Scheduler.production()) {
              @Override
              public Object currentTask() {
                return task.get();
              }
            });
    Credentials first = Credentials.user(1000, 1000);
    Credentials second = Credentials.user(2000, 2000);
    identities.call(
        first,
        () -> {
          task.set("other");
          assertThat(identities.current()).isEqualTo(Credentials.ROOT);
          identities.call(second, () -> assertThat(identities.current()).isEqualTo(second));
          task.set("one");
          return assertThat(identities.current()).isEqualTo(first);
        });
    assertThat(identities.current()).isEqualTo(Credentials.ROOT);
  }
}
