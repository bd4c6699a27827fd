// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.contract.Installed;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Closing while others persist: they get an exception, and the JVM lives. */
@Tag("slow")
class CloseRaceTest {
  private static final Map<String, String> CACHE_LINES = Map.of("PMEM_IS_PMEM_FORCE", "1");
  private static final int ROUNDS = 100;

  /**
   * The first round that finds a planted fault ends the run, most often one of the first twenty; a
   * hundred were too few once.
   */
  private static final int ROUNDS_WITH_FAULT = 3_000;

  /** A disk would make rounds slow, and no race likelier. */
  @TempDir(factory = InMemory.class)
  Path folder;

  private ChildJvm.Result race(Map<String, String> environment, Backend backend, String guard)
      throws Exception {
    return race(environment, backend, guard, "platform");
  }

  private ChildJvm.Result race(
      Map<String, String> environment, Backend backend, String guard, String threads)
      throws Exception {
    return ChildJvm.run(
        folder,
        environment,
        CloseRace.class.getName(),
        folder.toString(),
        backend.name(),
        Integer.toString(guard.equals("real") ? ROUNDS : ROUNDS_WITH_FAULT),
        guard,
        threads);
  }

  @Test
  void cacheLines() throws Exception {
    Installed.assumeLibpmem();
    assertSurvived(race(CACHE_LINES, Backend.LIBPMEM, "real"));
  }

  @Test
  void virtualThreads() throws Exception {
    Installed.assumeLibpmem();
    assertSurvived(race(CACHE_LINES, Backend.LIBPMEM, "real", "virtual"));
  }

  @Test
  void pages() throws Exception {
    Installed.assumeLibpmem();
    assertSurvived(race(Map.of(), Backend.LIBPMEM, "real"));
  }

  @Test
  void pagesByTheJdk() throws Exception {
    assertSurvived(race(Map.of(), Backend.JDK, "real"));
  }

  /**
   * One carrier, and code with many safepoint polls: what an exception in the wrong place does to
   * the counts of the scheduler of virtual threads shows at once.
   */
  private static final Map<String, String> ONE_CARRIER =
      Map.of("JAVA_TOOL_OPTIONS", "-XX:ActiveProcessorCount=1 -XX:TieredStopAtLevel=1");

  @Test
  void pagesByTheJdkFromVirtualThreads() throws Exception {
    assertSurvived(race(ONE_CARRIER, Backend.JDK, "real", "virtual"));
  }

  @Test
  void theRaceFindsAForceThatClosingDoesNotWaitFor() throws Exception {
    ChildJvm.Result result = race(ONE_CARRIER, Backend.JDK, "none", "virtual");
    assertThat(result.exit()).as(result.output()).isNotZero();
    assertThat(result.output()).containsAnyOf("STALLED", "not an IllegalStateException");
  }

  @Test
  void theRaceFindsARegionWithoutGuard() throws Exception {
    Installed.assumeLibpmem();
    assertKilled(race(CACHE_LINES, Backend.LIBPMEM, "none"));
  }

  @Test
  void theRaceFindsAGuardThatDoesNotWait() throws Exception {
    Installed.assumeLibpmem();
    assertKilled(race(CACHE_LINES, Backend.LIBPMEM, "not-waiting"));
  }

  private static void assertSurvived(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("rounds " + ROUNDS);
  }

  private static void assertKilled(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isNotZero();
    assertThat(result.output()).contains("SIGSEGV");
  }
}
