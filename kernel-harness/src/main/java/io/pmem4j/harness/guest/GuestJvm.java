// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.kernel.CheckoutScript;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A JVM inside a guest: the booted kernel maps its files, on emulated NVDIMMs. One program at a
 * time, by any thread.
 *
 * <p>The programs see the disk with the JVM as their root, read-only, the folder of jars as {@code
 * /app}, {@code /tmp} in memory, and below {@code /mnt} the mount of {@link #mount}.
 */
public final class GuestJvm {
  /** Of the guest: 128 MiB of heap, the JVM itself, and the kernel with lockdep. */
  private static final int MEMORY_MEBIBYTES = 768;

  private static final String ROOT = "/root";
  private static final Duration TOOL_BOUND = Duration.ofSeconds(60);
  private static final Duration KILL_MARGIN = Duration.ofSeconds(15);
  private static final long READ_ONLY = 1;
  private static final int ETIMEDOUT = 110;

  /** Of a program that was killed, in characters. */
  private static final int LAST_WORDS = 400;

  /**
   * The end of a program.
   *
   * @param status its exit status; 128 + n when killed by signal n
   * @param output stdout and stderr together, the first mebibyte
   */
  public record Ended(int status, String output) {}

  private final Guest guest;

  private GuestJvm(Guest guest) {
    this.guest = guest;
  }

  /**
   * A guest with the disks a JVM needs, and one CPU. Writes the jars' disk into the work directory.
   *
   * <p>An emulated CPU reads an instruction byte by byte while it translates it. HotSpot replaces
   * the first instruction of a method by one store of eight bytes, which a second CPU in the middle
   * of that sees in part: half the old instruction, half the new one, a SIGSEGV. With one CPU the
   * store and the translation are the same thread's.
   *
   * @param jars a folder; everything in it is read under {@code /app}
   * @throws GuestException HARNESS_FAULT when a disk cannot be made
   */
  public static GuestSpec equip(GuestSpec spec, Path jars) throws GuestException {
    return spec.withCpus(1)
        .withMemoryMebibytes(MEMORY_MEBIBYTES)
        .withDisks(List.of(KernelImages.jvmRoot(), disk(jars, spec.workDirectory())));
  }

  private static Path disk(Path folder, Path workDirectory) throws GuestException {
    Path disk = workDirectory.resolve("jars.ext2");
    try (Stream<Path> files = Files.walk(folder)) {
      long bytes = 0;
      for (Path file : files.toList()) {
        bytes += Files.size(file) + 4096;
      }
      Files.createDirectories(workDirectory);
      try (RandomAccessFile image = new RandomAccessFile(disk.toFile(), "rw")) {
        image.setLength(0);
        image.setLength(bytes + bytes / 8 + (4 << 20));
      }
    } catch (IOException e) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, "no disk of " + folder + ": " + e.getMessage(), List.of(), e);
    }
    CheckoutScript.run(
        TOOL_BOUND,
        Path.of("mke2fs"),
        "-q",
        "-F",
        "-t",
        "ext2",
        "-b",
        "4096",
        "-m",
        "0",
        "-d",
        folder.toString(),
        disk.toString());
    return disk;
  }

  /**
   * Makes the JVM of a guest usable, which was booted from a spec of {@link #equip}.
   *
   * @throws GuestException HARNESS_FAULT when the disks are not those of {@link #equip}, otherwise
   *     as {@link Guest#request}
   */
  public static GuestJvm open(Guest guest) throws GuestException {
    GuestJvm jvm = new GuestJvm(guest);
    jvm.mount("/dev/vda", ROOT, "ext2", READ_ONLY, "");
    jvm.mount("/dev/vdb", ROOT + "/app", "ext2", READ_ONLY, "");
    jvm.mount("proc", ROOT + "/proc", "proc", 0, "");
    jvm.mount("sysfs", ROOT + "/sys", "sysfs", 0, "");
    jvm.mount("devtmpfs", ROOT + "/dev", "devtmpfs", 0, "");
    jvm.mount("tmpfs", ROOT + "/tmp", "tmpfs", 0, "");
    return jvm;
  }

  /**
   * Mounts a file system of the guest's first NVDIMM, for programs at {@code /mnt}.
   *
   * @param type {@code ext2} or {@code ext4}
   * @param options such as {@code dax}
   */
  public void mount(String type, String options) throws GuestException {
    mount(guest.hello().device(), ROOT + "/mnt", type, 0, options);
  }

  /** Unmounts; the content of the image may be replaced afterwards. */
  public void unmount() throws GuestException {
    require(guest.request(Request.of(WireOp.UMOUNT, 0).withStrings(ROOT + "/mnt")), "umount");
    require(
        guest.request(Request.of(WireOp.FLUSH_BUFFERS).withStrings(guest.hello().device())),
        "flush buffers");
  }

  private void mount(String source, String target, String type, long flags, String options)
      throws GuestException {
    require(
        guest.request(Request.of(WireOp.MOUNT, flags).withStrings(source, target, type, options)),
        "mount " + source + " at " + target);
  }

  private static void require(Response response, String what) throws GuestException {
    if (response.result() < 0 || response.status() != Response.STATUS_OK) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, "cannot " + what + ": errno " + response.errno());
    }
  }

  /**
   * Turns the second NVDIMM into a devdax namespace.
   *
   * @return the device, for programs
   */
  public String makeDevdax() throws GuestException {
    String script =
        """
        set -e
        cd /sys/bus/nd
        region=devices/region1
        test -d $region || { echo 'no second NVDIMM'; exit 1; }
        namespace=$(basename $region/namespace1.*)
        seed=$(cat $region/dax_seed)
        echo $namespace > drivers/nd_pmem/unbind
        echo 706d656d-346a-4000-8000-000000000002 > devices/$seed/uuid
        echo ram > devices/$seed/mode
        echo 2097152 > devices/$seed/align
        echo $namespace > devices/$seed/namespace
        echo $seed > drivers/dax_pmem/bind
        ls /dev/dax*
        """;
    Ended ended = exec(TOOL_BOUND, List.of("/bin/sh", "-c", script));
    if (ended.status() != 0) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, "no devdax namespace: " + ended.output().strip());
    }
    return ended.output().strip();
  }

  /**
   * Returns the command that starts a JVM of the guest with the options that it needs, for programs
   * that start others.
   */
  static List<String> java() {
    return List.of(
        "/jdk/bin/java",
        // Both compilers, and their stubs before main: JDK 25 without the stubs of the second one
        // jumps to address 0 when a MAP_SYNC mapping is forced. Itself it compiles what is hot
        // beyond doubt: on a processor that is emulated it mostly costs more than it gives.
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:-DelayCompilerStubsGeneration",
        "-XX:Tier4InvocationThreshold=100000",
        "-XX:Tier4MinInvocationThreshold=100000",
        "-XX:Tier4CompileThreshold=100000",
        "-XX:Tier4BackEdgeThreshold=1000000",
        "-XX:+UseSerialGC",
        "-Xshare:auto",
        // Where the class archive was made for: moving it means to patch it.
        "-XX:ArchiveRelocationMode=0",
        "--enable-native-access=ALL-UNNAMED",
        "-Xmx128m");
  }

  /**
   * Runs a program: {@code java ARGUMENTS}, in {@code /app}.
   *
   * @param bound after it the program is killed
   * @param arguments for instance {@code -jar /app/contract.jar /mnt}
   * @throws GuestException TIMEOUT when the bound has passed, otherwise as {@link Guest#request}
   */
  public Ended run(Duration bound, List<String> arguments) throws GuestException {
    List<String> command = new ArrayList<>(List.of("chroot", ROOT));
    command.addAll(java());
    command.addAll(arguments);
    return exec(bound, command);
  }

  private Ended exec(Duration bound, List<String> command) throws GuestException {
    Response response =
        guest.request(
            Request.of(WireOp.EXEC, bound.toMillis()).withStrings(command.toArray(String[]::new)),
            bound.plus(KILL_MARGIN));
    String output = new String(response.data(), StandardCharsets.UTF_8);
    if (response.result() < 0 && response.errno() == ETIMEDOUT) {
      throw new GuestException(
          GuestOutcome.TIMEOUT,
          "killed after %d ms: %s; it ended: %s"
              .formatted(
                  bound.toMillis(),
                  String.join(" ", command),
                  output.substring(Math.max(0, output.length() - LAST_WORDS)).strip()),
          output.lines().toList(),
          null);
    }
    require(response, "run " + command);
    return new Ended((int) response.result(), output);
  }
}
