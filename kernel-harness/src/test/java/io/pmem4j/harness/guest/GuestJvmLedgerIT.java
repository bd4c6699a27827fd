// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cookbook's ledger, compiled from there, on persistent memory of a real kernel: killed with
 * SIGKILL while it writes, it has lost nothing when it comes back. {@code ext4 -o dax} and devdax,
 * both by cache lines.
 */
class GuestJvmLedgerIT {
  private static final Duration BOUND = Duration.ofMinutes(4);

  @TempDir private Path directory;

  @Test
  @Timeout(400)
  void theLedgerSurvivesKill9OnDaxAndDevdax() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.applications(directory, LedgerProbe.class);
    compileLedger(jars);
    // The probe and the ledger have the same libraries: one archive is for both.
    List<String> java =
        ClassArchive.ofProgram(
            jars,
            LedgerProbe.class.getName(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            jars.resolve("classes") + ":" + jars.resolve("pmem-ffi.jar"),
            "Ledger",
            "--",
            directory.resolve("trained").toString());
    Path second = directory.resolve("nvdimm2");
    try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    GuestSpec plain = KernelFixture.open(directory).spec().withSecondImage(second);
    GuestSpec spec = GuestJvm.equip(plain, jars);
    GuestJvmIT.format(spec.image(), "ext4");
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount("ext4", "dax");
      String device = jvm.makeDevdax();
      GuestJvmIT.timed("ledgers", () -> survive(jvm, java, "/mnt/ledger", device));
      jvm.unmount();
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private static void survive(GuestJvm jvm, List<String> java, String... places)
      throws GuestException {
    List<String> arguments = new ArrayList<>(java);
    arguments.add(LedgerProbe.class.getName());
    arguments.addAll(GuestJvm.java());
    arguments.addAll(java);
    arguments.addAll(List.of("Ledger", "--"));
    arguments.addAll(List.of(places));
    GuestJvm.Ended ended = jvm.run(BOUND, arguments);
    System.out.println(ended.output());
    assertThat(ended.status()).as(ended.output()).isZero();
    List<String> lives = ended.output().strip().lines().toList();
    for (String place : places) {
      assertThat(lives)
          .filteredOn(life -> life.startsWith(place + ": "))
          .hasSize(2)
          .allMatch(life -> life.matches(".* entries found; memory: .*killed at [0-9]+"));
    }
  }

  /** The first Java block of the cookbook, into the folder of classes that the guest gets. */
  private static void compileLedger(Path jars) throws IOException {
    String cookbook = Files.readString(GuestFiles.home().resolve("docs/cookbook.md"));
    String fence = "```java\n";
    int begin = cookbook.indexOf(fence) + fence.length();
    Path source = jars.resolve("Ledger.java");
    Files.writeString(source, cookbook.substring(begin, cookbook.indexOf("```", begin)));
    int exit =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "-cp",
                jars.resolve("pmem-ffi.jar").toString(),
                "-d",
                jars.resolve("classes").toString(),
                source.toString());
    assertThat(exit).isZero();
  }
}
