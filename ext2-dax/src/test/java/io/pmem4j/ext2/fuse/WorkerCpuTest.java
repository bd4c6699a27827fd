// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The CPUs of a thread, as the kernel tells them. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerCpuTest {
  private static final int THREAD = 1;

  private int cpu = ClientCpu.ANY;
  private long now;
  private final ClientCpu client = new ClientCpu(_ -> cpu, () -> now);

  /** Reads a field of /proc/thread-self/status. */
  private static String own(String field) {
    try {
      return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
          .filter(line -> line.startsWith(field + ":"))
          .map(line -> line.substring(field.length() + 1).strip())
          .collect(Collectors.joining());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void want(int wanted) {
    cpu = wanted;
    for (int i = 0; i < 2; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      client.requested(THREAD, 1);
    }
  }

  /** Runs in a thread of its own, whose CPUs may change. */
  private static void inThread(Runnable test) throws Exception {
    List<Throwable> failures = new ArrayList<>();
    Thread thread = Thread.ofPlatform().unstarted(test);
    thread.setUncaughtExceptionHandler((_, failure) -> failures.add(failure));
    thread.start();
    thread.join();
    assertThat(failures).isEmpty();
  }

  @Test
  void aWorkerGoesWhereItIsWantedAndBack() throws Exception {
    inThread(() -> {
      try (Arena arena = Arena.ofConfined()) {
        String before = own("Cpus_allowed_list");
        int first = Integer.parseInt(before.split("[,-]", 2)[0]);
        WorkerCpu worker = new WorkerCpu(client::wanted, arena);
        want(first);
        worker.follow();
        assertThat(own("Cpus_allowed_list")).isEqualTo(Integer.toString(first));
        want(ClientCpu.ANY);
        worker.follow();
        assertThat(own("Cpus_allowed_list")).isEqualTo(before);
      }
    });
  }

  @Test
  void aWorkerStaysOnTheCpusThatItMayUse() throws Exception {
    inThread(() -> {
      try (Arena arena = Arena.ofConfined()) {
        String before = own("Cpus_allowed_list");
        WorkerCpu worker = new WorkerCpu(client::wanted, arena);
        want(1023);
        worker.follow();
        assertThat(own("Cpus_allowed_list")).isEqualTo(before);
        want(4096);
        worker.follow();
        assertThat(own("Cpus_allowed_list")).isEqualTo(before);
      }
    });
  }

  @Test
  void theCpuOfAThreadIsOneOfItsCpus() throws Exception {
    inThread(() -> {
      try (Arena arena = Arena.ofConfined()) {
        int first = Integer.parseInt(own("Cpus_allowed_list").split("[,-]", 2)[0]);
        WorkerCpu worker = new WorkerCpu(client::wanted, arena);
        want(first);
        worker.follow();
        assertThat(WorkerCpu.ofThread(Integer.parseInt(own("Pid")))).isEqualTo(first);
      }
    });
  }

  @Test
  void aThreadThatIsGoneHasNone() {
    assertThat(WorkerCpu.ofThread(Integer.MAX_VALUE)).isEqualTo(ClientCpu.ANY);
  }

  @Test
  void theNameOfAThreadMayHoldAnything() {
    String zeros = " 0".repeat(33);
    assertThat(WorkerCpu.processor("7 (a) b) 9) S 1" + zeros + " 17 6 0 0")).isEqualTo(6);
    assertThat(WorkerCpu.processor("7 (a) S 1")).isEqualTo(ClientCpu.ANY);
    assertThat(WorkerCpu.processor("")).isEqualTo(ClientCpu.ANY);
  }
}
