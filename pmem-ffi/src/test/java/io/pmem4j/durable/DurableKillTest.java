// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL at random moments of a process that writes to sets of all structures: no acknowledged
 * record is lost. A kill counts for a structure if records were written to it since the kill
 * before, so that one process that is killed counts up to once for each set. {@code
 * -Dpmem4j.kills=10000} makes it long. While one process is killed, the next one gets ready.
 */
@Tag("slow")
class DurableKillTest {
  private static final int KILLS = Integer.getInteger("pmem4j.kills", 24);
  private static final int KILLED = 128 + 9;
  private static final int SETS = 8;
  private static final List<String> NAMES = KilledStructure.NAMES;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  private final SplittableRandom random = new SplittableRandom();
  private final List<Path> sets = new ArrayList<>();
  private final long[][] last = new long[SETS][NAMES.size()];
  private final int[] kills = new int[NAMES.size()];
  private int processes;

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    for (int set = 0; set < SETS; set++) {
      sets.add(Files.createDirectory(folder.resolve("set" + set)));
    }
    long started = System.nanoTime();
    Process next = start();
    try {
      while (Arrays.stream(kills).min().orElseThrow() < KILLS) {
        Process writer = next;
        next = start();
        kill(writer);
        verify();
        if (processes % 50 == 0) {
          print(started);
        }
      }
    } finally {
      next.destroyForcibly().waitFor();
    }
    print(started);
  }

  private Process start() throws IOException {
    List<String> main = new ArrayList<>(List.of(DurableKill.class.getName()));
    sets.forEach(set -> main.add(set.toString()));
    return ChildJvm.builder(
            folder,
            ChildJvm.classPath(),
            // Without the module of Flight Recorder a JVM is ready in two thirds of the time.
            List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "--limit-modules=java.base"),
            main.toArray(String[]::new))
        .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("errors").toFile()))
        .start();
  }

  /** Sends a process to work and kills it. */
  private void kill(Process writer) throws Exception {
    int all = SETS * NAMES.size();
    StringBuilder order = new StringBuilder();
    order.append(random.nextInt(1, 2000)).append(' ');
    order.append(Math.min(all, random.nextInt(1, 3 * all))); // mostly all of them
    for (long[] set : last) {
      for (long number : set) {
        order.append(' ').append(number);
      }
    }
    writer.getOutputStream().write(order.append('\n').toString().getBytes());
    writer.getOutputStream().flush();
    int report = writer.getInputStream().read();
    assertThat(writer.destroyForcibly().waitFor()).as(this::errors).isEqualTo(KILLED);
    assertThat(report).as(this::errors).isEqualTo('r');
    processes++;
  }

  private void verify() throws IOException {
    for (int set = 0; set < SETS; set++) {
      long[] acknowledged = DurableKill.acknowledged(sets.get(set));
      for (int i = 0; i < NAMES.size(); i++) {
        // A process that is killed at once leaves the counter of the one before it.
        long promised = Math.max(last[set][i], acknowledged[i]);
        kills[i] += acknowledged[i] > last[set][i] ? 1 : 0;
        try (KilledStructure structure = KilledStructure.open(NAMES.get(i), sets.get(set))) {
          last[set][i] = structure.last();
        }
        assertThat(last[set][i]).as(NAMES.get(i)).isBetween(promised, promised + 1);
      }
    }
  }

  private void print(long started) {
    long records = Arrays.stream(last).flatMapToLong(Arrays::stream).sum();
    System.out.printf(
        "%d processes killed in %d s; kills of %s: %s; %d records, 0 acknowledged ones lost%n",
        processes,
        (System.nanoTime() - started) / 1_000_000_000,
        NAMES,
        Arrays.toString(kills),
        records);
  }

  private String errors() {
    try {
      return Files.readString(folder.resolve("errors"));
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }
}
