// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sparse region on a file system with DAX that fills up: the store that finds no block faults,
 * and the JVM may deliver that fault late. persist must not have returned for it.
 */
class FullDaxMountIT {
  private static final Duration BOUND = Duration.ofMinutes(2);

  @TempDir private Path directory;

  /** Stores and persists page by page until there is no block left. Runs in the guest. */
  static final class Probe {
    private static final int PAGE_BYTES = 4096;
    private static final int PAGES = 24_576;
    private static final int WARM_PAGES = 64;
    private static final int WARM_ROUNDS = 600;

    private Probe() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      for (Backend backend : Backend.values()) {
        Path warm = folder.resolve("warm");
        Path full = folder.resolve("full");
        byte[] acknowledged = new byte[PAGES];
        try (Arena arena = Arena.ofConfined()) {
          MapSpec spec = MapSpec.createNew((long) WARM_PAGES * PAGE_BYTES);
          PmemRegion region = Pmem.map(warm, spec.backend(backend), arena);
          for (int i = 0; i < WARM_ROUNDS; i++) {
            store(region, acknowledged, WARM_PAGES);
          }
        }
        Arrays.fill(acknowledged, (byte) 0);
        try (Arena arena = Arena.ofConfined()) {
          MapSpec spec = MapSpec.createNew((long) PAGES * PAGE_BYTES).sparse();
          PmemRegion region = Pmem.map(full, spec.backend(backend), arena);
          String end = fill(region, acknowledged);
          report(backend, region, acknowledged, end);
        }
        Files.delete(warm);
        Files.delete(full);
      }
    }

    private static String fill(PmemRegion region, byte[] acknowledged) {
      try {
        store(region, acknowledged, PAGES);
        return "nothing";
      } catch (PmemMediaException e) {
        return e.getClass().getSimpleName();
      }
    }

    private static void store(PmemRegion region, byte[] acknowledged, int pages) {
      for (int page = 0; page < pages; page++) {
        region.putLong((long) page * PAGE_BYTES, 0x5EED);
        region.persist((long) page * PAGE_BYTES, Long.BYTES);
        acknowledged[page] = 1;
      }
    }

    private static void report(
        Backend backend, PmemRegion region, byte[] acknowledged, String end) {
      int promised = 0;
      int there = 0;
      for (int page = 0; page < PAGES && acknowledged[page] != 0; page++) {
        promised++;
        there += region.getLong((long) page * PAGE_BYTES) == 0x5EED ? 1 : 0;
      }
      System.out.printf(
          "%s %s: ended by %s, %d acknowledged, %d lost%n",
          backend, region.granularity(), end, promised, promised - there);
    }
  }

  @Test
  @Timeout(400)
  void whatPersistAcknowledgedOnAFullDiskIsThere() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.applications(directory, Probe.class);
    GuestSpec spec = GuestJvm.equip(KernelFixture.open(directory).spec(), jars);
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      GuestJvmIT.format(spec.image(), "ext4");
      jvm.mount("ext4", "dax");
      GuestJvm.Ended ended =
          jvm.run(
              BOUND,
              List.of("-cp", "/app/classes:/app/pmem-ffi.jar", Probe.class.getName(), "/mnt"));
      assertThat(ended.status()).as(ended.output()).isZero();
      List<String> lines =
          ended.output().lines().filter(line -> line.contains(" acknowledged, ")).toList();
      assertThat(lines).hasSameSizeAs(Backend.values());
      for (String line : lines) {
        System.out.println(line);
        assertThat(line)
            .matches("\\w+ \\w+: ended by PmemMediaException, [1-9]\\d{3,} acknowledged, 0 lost");
      }
      jvm.unmount();
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }
}
