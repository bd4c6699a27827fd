// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code doctor} on file systems of a kernel that has DAX: its word against the kernel's. */
class GuestDoctorIT {
  private static final Duration BOUND = Duration.ofMinutes(5);

  /** FS_DAX_FL of linux/fs.h. */
  private static final long DAX_FLAG = 0x0200_0000;

  /** The parts of the harness's class path that the verb needs. */
  private static final List<String> NEEDED =
      List.of(
          "pmem-ffi", "pmem-testkit", "ext2-dax", "picocli", "jackson", "progressbar", "jspecify");

  private static final String MAIN = "io.pmem4j.harness.cli.Main";

  @TempDir private Path directory;

  @Test
  @Timeout(1200)
  void doctorSaysWhatTheKernelDoesAndNotWhatWasAskedFor() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = Files.createDirectory(directory.resolve("jars"));
    harness(jars);
    List<String> command = ClassArchive.ofProgram(jars, MAIN, "doctor", directory.toString());
    command.addAll(List.of("-XX:+ErrorFileToStdout", MAIN, "doctor"));
    GuestSpec spec =
        GuestJvm.equip(KernelFixture.open(directory).spec(), jars)
            .withMachine(GuestMachine.parse("domain=cpu"));
    GuestJvmIT.format(spec.image(), "ext4");
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount("ext4", "dax=inode");
      Response made =
          guest.request(
              Request.of(WireOp.EXEC, 10_000)
                  .withStrings("/bin/busybox", "mkdir", "/root/mnt/with", "/root/mnt/without"));
      assertThat(made.result()).isZero();
      Response flagged =
          guest.request(Request.of(Syscall.SETFLAGS, DAX_FLAG).withStrings("/root/mnt/with"));
      assertThat(flagged.result()).as("errno " + flagged.errno()).isZero();
      assertThat(doctor(jvm, command, "/mnt/with"))
          .containsPattern("dax +yes, the file has DAX, file by file")
          .containsPattern("map sync +granted")
          .containsPattern("libpmem granularity +BYTE")
          .containsPattern("device +pmem0, fsdax by pfn0.0, region0 of ACPI.NFIT")
          .containsPattern("persistence domain +cpu_cache")
          .containsPattern("write cache +0")
          .containsPattern("deep flush +0")
          .containsPattern("module nmem0 +NFIT, id 8680-56341200, no flag of trouble")
          .containsPattern("bad ranges +none")
          .containsPattern("boot id +[0-9a-f-]{36}, Linux 5[.]10")
          .contains("a fence is enough")
          .doesNotContain("do not trust it")
          .contains("nothing is missing");
      assertThat(doctor(jvm, command, "/mnt/without"))
          .containsPattern("dax +the device can; this file is mapped through the page cache")
          .containsPattern("map sync +refused")
          .contains("chattr +x");
      jvm.unmount();
      jvm.mount("ext4", "dax=never");
      assertThat(
              guest
                  .request(
                      Request.of(WireOp.WRITE_FILE)
                          .withStrings("/sys/block/pmem0/badblocks", "126000 8"))
                  .errno())
          .isZero();
      assertThat(doctor(jvm, command, "/mnt/with"))
          .containsPattern("dax +the device can; this file is mapped through the page cache")
          .contains("the mount forbids it")
          .containsPattern("bad ranges +64512000[+]4096");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private static String doctor(GuestJvm jvm, List<String> command, String place)
      throws GuestException {
    List<String> all = new ArrayList<>(command);
    all.add(place);
    GuestJvm.Ended ended = jvm.run(BOUND, all);
    System.out.println(ended.output());
    assertThat(ended.status()).as(ended.output()).isZero();
    return ended.output();
  }

  /** Fills a folder with what the verbs need in a guest. */
  static void harness(Path jars) throws IOException {
    Path classes = Files.createDirectory(jars.resolve("classes"));
    Path libraries = Files.createDirectory(jars.resolve("lib"));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      String name = path.getFileName().toString();
      if (Files.isRegularFile(path) && NEEDED.stream().anyMatch(name::startsWith)) {
        Files.copy(path, libraries.resolve(name));
      } else if (Files.isDirectory(path) && path.endsWith("target/classes")) {
        copyTree(path, classes);
      }
    }
  }

  static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }
}
