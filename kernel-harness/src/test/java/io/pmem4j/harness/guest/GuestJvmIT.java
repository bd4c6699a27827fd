// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** pmem-ffi in a JVM of the guest: on DAX mounts and on a devdax device of a real kernel. */
public class GuestJvmIT {
  private static final Duration BOUND = Duration.ofMinutes(8);

  @TempDir private Path directory;

  @Test
  @Timeout(1200)
  void theContractHoldsOnDaxMountsAndDevdax() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = jars(directory);
    GuestSpec plain = KernelFixture.open(directory).spec();
    Path second = directory.resolve("nvdimm2");
    try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    GuestSpec spec = GuestJvm.equip(plain.withSecondImage(second), jars);
    format(spec.image(), "ext4");
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount("ext4", "dax");
      assertThat(contract(jvm, "/mnt/missing").status()).isEqualTo(3);
      timed("contract on ext4 -o dax", () -> holdsIn(contract(jvm, "/mnt", "CACHE_LINE")));
      jvm.unmount();

      String device = jvm.makeDevdax();
      assertThat(device).matches("/dev/dax[0-9]+\\.[0-9]+");
      timed("contract on devdax", () -> holds(contract(jvm, device, "CACHE_LINE")));

      assertThatThrownBy(() -> jvm.run(Duration.ofMillis(1), List.of("-version")))
          .isInstanceOfSatisfying(
              GuestException.class, e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.TIMEOUT));
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  static GuestJvm.Ended contract(GuestJvm jvm, String place, String... expected)
      throws GuestException {
    List<String> options = new ArrayList<>();
    for (String granularity : expected) {
      options.addAll(List.of("--expect", granularity));
    }
    return contract(jvm, place, options);
  }

  static GuestJvm.Ended contract(GuestJvm jvm, String place, List<String> options)
      throws GuestException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-XX:SharedArchiveFile=/app/contract.jsa",
                "-Dpmem4j.rounds=1",
                "-jar",
                "/app/contract.jar",
                place,
                "--overwrite"));
    arguments.addAll(options);
    GuestJvm.Ended ended = jvm.run(BOUND, arguments);
    System.out.println(ended.output());
    return ended;
  }

  /** In a folder, whose granularity was as expected with either backend. */
  static void holdsIn(GuestJvm.Ended ended) {
    holds(ended);
    assertThat(ended.output())
        .containsPattern("ok +Expectation.regionsOfLibpmem ")
        .containsPattern("ok +Expectation.regionsOfTheJdk ");
  }

  static void holds(GuestJvm.Ended ended) {
    assertThat(ended.status()).as(ended.output()).isZero();
    String last = ended.output().strip().lines().reduce("", (before, line) -> line);
    assertThat(last).matches("contract run [1-9][0-9]* failed 0 skipped [0-9]+");
  }

  interface Work {
    void run() throws GuestException;
  }

  static void timed(String what, Work work) throws GuestException {
    long begin = System.nanoTime();
    work.run();
    System.out.printf("%s: %.1f s%n", what, (System.nanoTime() - begin) / 1e9);
  }

  /** The contract jar with its neighbours, as pmem-ffi's build leaves them. */
  static Path jars(Path directory) throws IOException, InterruptedException {
    Path jars = applications(directory, LedgerProbe.class);
    Path libraries = Files.createDirectory(jars.resolve("contract-libs"));
    Path target = GuestFiles.home().resolve("pmem-ffi/target");
    try (Stream<Path> files = Files.list(target.resolve("contract-libs"))) {
      for (Path file : files.toList()) {
        Files.copy(file, libraries.resolve(file.getFileName()));
      }
    }
    Path scratch = Files.createDirectory(directory.resolve("training"));
    Path place = Files.createDirectory(scratch.resolve("place"));
    ClassArchive.train(jars, "contract", scratch, place.toString(), "--overwrite");
    return jars;
  }

  /** Returns a folder with pmem-ffi's jars and the class of a program that runs in the guest. */
  public static Path applications(Path directory, Class<?> main) throws IOException {
    Path target = GuestFiles.home().resolve("pmem-ffi/target");
    Path jars = Files.createDirectory(directory.resolve("jars"));
    if (!Files.isDirectory(target.resolve("contract-libs"))) {
      throw Required.missing("no contract jar: ./mvnw -pl pmem-ffi install -DskipTests");
    }
    try (Stream<Path> files = Files.list(target)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".jar")).toList()) {
        String name = file.getFileName().toString();
        Files.copy(file, jars.resolve(name));
        if (name.endsWith("-contract.jar")) {
          Files.copy(file, jars.resolve("contract.jar"));
        } else if (!name.matches(".*-(sources|javadoc|tests)\\.jar")) {
          Files.copy(file, jars.resolve("pmem-ffi.jar"));
        }
      }
    }
    String probe = main.getName().replace('.', '/') + ".class";
    Path copy = jars.resolve("classes").resolve(probe);
    Files.createDirectories(copy.getParent());
    try (InputStream in = main.getResourceAsStream("/" + probe)) {
      Files.copy(in, copy);
    }
    return jars;
  }

  static void format(Path image, String type) throws Exception {
    Process process =
        new ProcessBuilder(
                "mke2fs",
                "-q",
                "-F",
                "-t",
                type,
                "-b",
                "4096",
                "-E",
                "offset=2097152",
                image.toString(),
                "63488k")
            .inheritIO()
            .start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
