// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.contract.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Closing an arena ends, whatever was thrown in the middle of a use. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("MustBeClosed") // closed, and timed
@Tag("slow") // JVMs of their own
class CloseAfterFaultTest {
  private static final int SIZE = 1 << 20;
  private static final int BAD = 512 << 10;
  private static final Duration NO_WAIT = Duration.ofMillis(1500);

  private static volatile long sink;

  @TempDir(factory = InMemory.class)
  Path folder;

  private PmemRegion map(Backend backend, Arena arena) throws Exception {
    assumeTrue(backend == Backend.JDK || Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
    return Pmem.map(folder.resolve("file"), MapSpec.createNew(SIZE).backend(backend), arena);
  }

  private static void use(PmemRegion region) {
    region.putLong(BAD, 7);
    region.persist(0, 8);
  }

  /** Closes an arena whose guard is idle; a use that stays counted would make it wait. */
  private static void assertClosesAtOnce(Arena arena) {
    long begin = System.nanoTime();
    arena.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(NO_WAIT);
  }

  @ParameterizedTest
  @EnumSource
  void aStoreThatFaults(Backend backend) throws Exception {
    Arena arena = Arena.ofShared();
    PmemRegion region = map(backend, arena);
    for (int i = 0; i < 60_000; i++) {
      use(region);
    }
    truncateToAPage();
    for (int i = 0; i < 50; i++) {
      assertThatExceptionOfType(PmemMediaException.class).isThrownBy(() -> use(region));
    }
    assertClosesAtOnce(arena);
  }

  private void truncateToAPage() throws IOException {
    try (FileChannel channel = FileChannel.open(folder.resolve("file"), StandardOpenOption.WRITE)) {
      channel.truncate(4096);
    }
  }

  /** Faults by an access that only the JVM reports, possibly inside persist. */
  private static void loadUncheckedAndPersist(PmemRegion region) {
    sink += region.segment().get(ValueLayout.JAVA_LONG, BAD);
    region.persist(0, 8);
  }

  /** Leaves no reference to the arena behind. */
  private void faultInAnAutomaticArena(Backend backend) throws Exception {
    PmemRegion region = map(backend, Arena.ofAuto());
    for (int i = 0; i < 60_000; i++) {
      loadUncheckedAndPersist(region);
    }
    truncateToAPage();
    for (int i = 0; i < 50; i++) {
      assertThatExceptionOfType(PmemMediaException.class).isThrownBy(() -> use(region));
      assertThatExceptionOfType(Throwable.class)
          .isThrownBy(() -> loadUncheckedAndPersist(region))
          .isInstanceOfAny(PmemMediaException.class, InternalError.class);
    }
    assertThat(isMapped(folder.resolve("file"))).isTrue();
  }

  /** The JVM has one cleaner for all automatic arenas: one that waits for ever stops the rest. */
  @ParameterizedTest
  @EnumSource
  void theCleanerUnmapsAnAutomaticArena(Backend backend) throws Exception {
    faultInAnAutomaticArena(backend);
    while (isMapped(folder.resolve("file"))) {
      System.gc();
    }
  }

  @SuppressWarnings("InfiniteRecursion") // that is the point
  private static void overflow(PmemRegion region) {
    region.persist(0, 8);
    overflow(region);
  }

  @ParameterizedTest
  @EnumSource
  void aStackThatOverflows(Backend backend) throws Exception {
    Arena arena = Arena.ofShared();
    PmemRegion region = map(backend, arena);
    for (int i = 0; i < 2_000; i++) {
      region.persist(0, 8);
    }
    // This thread owns its stripe; those below share one with it now and then.
    for (int i = 0; i < 40; i++) {
      Thread thread =
          new Thread(
              null,
              () ->
                  assertThatExceptionOfType(StackOverflowError.class)
                      .isThrownBy(() -> overflow(region)),
              "overflowing",
              256 << 10);
      thread.start();
      thread.join();
    }
    assertClosesAtOnce(arena);
  }

  /** A use that does not end keeps its mapping, and not the one who closes. */
  @Test
  void closingDoesNotWaitForEver() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    Arena arena = Arena.ofShared();
    Path file = folder.resolve("slow");
    PmemRegion region =
        new PmemRegion(
            RegionMapper.map(
                file,
                MapSpec.createNew(8192),
                arena,
                Backend.JDK,
                new MappingParts(
                    UseGuard::of,
                    (_, _, _) -> {
                      inside.countDown();
                      await(leave);
                    },
                    _ -> {})));
    Thread persisting = Thread.ofPlatform().start(() -> region.persist(0, 8));
    inside.await();
    arena.close();
    assertThat(isMapped(file)).isTrue();
    leave.countDown();
    persisting.join();
    while (isMapped(file)) {
      Thread.onSpinWait();
    }
  }

  private boolean isMapped(Path file) throws IOException {
    String inode = " " + Files.getAttribute(file, "unix:ino") + " ";
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.contains(inode) && line.contains(folder.toString()));
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new UncheckedIOException(new IOException(interrupted));
    }
  }

  /** Virtual threads other than those that persist still get their turn. */
  @Test
  void persistingVirtualThreadsDoNotStopTheOthers() throws Exception {
    Installed.assumeLibpmem();
    ChildJvm.Result result =
        ChildJvm.run(
            folder,
            java.util.Map.of("JAVA_TOOL_OPTIONS", "-XX:ActiveProcessorCount=2"),
            VirtualThreads.class.getName(),
            folder.toString());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("the others had their turn");
  }
}
