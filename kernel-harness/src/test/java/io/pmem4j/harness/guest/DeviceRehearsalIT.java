// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.guest.TracedNvdimm;
import io.pmem4j.harness.campaign.CampaignTraining;
import io.pmem4j.harness.campaign.LazyCampaign;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The campaign of {@code crash device} on emulated NVDIMMs and CXL memory of a booted kernel, which
 * is rebooted by sysrq or by the machine's reset button under it. The journal is on another NVDIMM.
 * The files behind the NVDIMMs have the caches too, so that a missing write-back is found only
 * where the cut is lossy: there a crash state of the recorded stores takes the NVDIMM's place.
 */
@Tag("powercuts")
class DeviceRehearsalIT {
  private static final Duration BOUND = Duration.ofMinutes(3);
  private static final String CUT = "--kills 0 --power-wait 30 --power-cmd";
  private static final String SYSRQ = "'echo b > /proc/sysrq-trigger'";

  private static final String TOLD = "pmem4j: press the button";
  private static final String TELL = "'echo \"<1>" + TOLD + "\" > /dev/kmsg'";

  private static final String MAIN = "io.pmem4j.harness.cli.Main";

  /** On an emulated processor compilers cost a JVM of seconds twice what they give. */
  private static final String INTERPRETED = "-Xint";

  private static final long SEED = 7;

  @TempDir private static Path shared;

  private static Path jars = Path.of("");
  private static List<String> java = List.of();

  @TempDir private Path directory;

  /** A campaign in the guest: the path under test, and the mounts that it needs. */
  private enum Rehearsal {
    EXT2("ext2", "/mnt", "/tmp/other/journal"),
    EXT4("ext4", "/mnt", "/tmp/other/journal"),
    PAGE_CACHE("ext4", "/mnt", "/tmp/other/journal"),
    DEVDAX("ext4", "", "/mnt/journal"),
    CXL("ext4", "/mnt", "/tmp/other/journal");

    private final String fileSystem;
    private final String path;
    private final String journal;

    Rehearsal(String fileSystem, String path, String journal) {
      this.fileSystem = fileSystem;
      this.path = path;
      this.journal = journal;
    }

    private boolean onDevice() {
      return path.isEmpty();
    }
  }

  /** Packs the verb once for all tests, with an archive of the classes that a campaign loads. */
  @BeforeAll
  static void pack() throws Exception {
    Required.programs("mke2fs", "e2fsck", "debugfs", "ldconfig");
    jars = Files.createDirectory(shared.resolve("jars"));
    GuestDoctorIT.harness(jars);
    GuestDoctorIT.copyTree(
        Path.of(LazyCampaign.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("io/pmem4j/harness/campaign"),
        Files.createDirectories(jars.resolve("classes/io/pmem4j/harness/campaign")));
    String lanes = Files.createDirectory(shared.resolve("lanes")).toString();
    String place = Files.createDirectory(shared.resolve("place")).toString();
    List<String> training = new ArrayList<>(List.of(CampaignTraining.class.getName(), lanes));
    training.addAll(List.of("crash", "device", place));
    training.addAll(List.of("--journal", shared.resolve("journal").toString()));
    training.addAll(List.of("--journal-on-same-device", "--not-persistent-on-purpose"));
    training.addAll(List.of("--workers", "1", "--cuts", "1"));
    java = ClassArchive.ofProgram(jars, training.toArray(String[]::new));
  }

  private GuestSpec spec(Rehearsal rehearsal) throws Exception {
    Path second = directory.resolve("nvdimm2");
    try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    KernelFixture kernels =
        rehearsal == Rehearsal.CXL
            ? KernelFixture.open(directory, "6.12")
            : KernelFixture.open(directory);
    GuestSpec plain = kernels.spec().withSecondImage(second);
    if (rehearsal == Rehearsal.CXL) {
      plain = plain.withMachine(GuestMachine.parse("cxl"));
    }
    GuestJvmIT.format(plain.image(), rehearsal.fileSystem);
    if (!rehearsal.onDevice()) {
      int status =
          new ProcessBuilder("mke2fs", "-q", "-F", "-t", "ext4", second.toString())
              .inheritIO()
              .start()
              .waitFor();
      assertThat(status).isZero();
    }
    return GuestJvm.equip(plain, jars);
  }

  /** A booted machine with its mounts. */
  private record Booted(Guest guest, String path, String journal) {
    static Booted of(Rehearsal rehearsal, Guest guest) throws GuestException {
      GuestJvm jvm = GuestJvm.open(guest);
      jvm.mount(rehearsal.fileSystem, rehearsal == Rehearsal.PAGE_CACHE ? "" : "dax");
      if (rehearsal.onDevice()) {
        return new Booted(guest, device(jvm, guest), rehearsal.journal);
      }
      shell(guest, "mkdir /root/tmp/other && mount -t ext4 /dev/pmem1 /root/tmp/other");
      return new Booted(guest, rehearsal.path, rehearsal.journal);
    }

    /** Returns the device, whose namespace is there again after the first boot. */
    private static String device(GuestJvm jvm, Guest guest) throws GuestException {
      String found = shell(guest, "ls /dev/dax* 2>/dev/null");
      return found.startsWith("/dev/dax") ? found.lines().findFirst().get() : jvm.makeDevdax();
    }

    /** Runs the verb, and returns its output, which ends with its exit status. */
    String campaign(String options) throws GuestException {
      return java(verb(options));
    }

    String verb(String options) {
      return "%s crash device %s --journal %s --workers 1 %s"
          .formatted(MAIN, path, journal, options);
    }

    /** Returns the line of a campaign with a bug. */
    String lazy(String what) {
      return "%s %s %s %s".formatted(LazyCampaign.class.getName(), path, journal, what);
    }

    String java(String main) throws GuestException {
      return shell(
          guest,
          // For the workers.
          "export JDK_JAVA_OPTIONS='-XX:SharedArchiveFile=/app/program.jsa "
              + INTERPRETED
              + "'; exec chroot /root "
              + String.join(" ", GuestJvm.java())
              + " "
              + String.join(" ", java)
              + " "
              + main);
    }
  }

  private static String shell(Guest guest, String script) throws GuestException {
    Response response =
        guest.request(
            Request.of(WireOp.EXEC, BOUND.toMillis()).withStrings("/bin/sh", "-c", script),
            BOUND.plusSeconds(30));
    String output = new String(response.data(), StandardCharsets.UTF_8);
    System.out.println(output.strip());
    return output + "exit " + response.result();
  }

  private GuestSpec sysrq(Rehearsal rehearsal) throws Exception {
    GuestSpec spec = spec(rehearsal);
    long begin = System.nanoTime();
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(rehearsal, guest);
      assertThatThrownBy(() -> booted.campaign("--overwrite-device " + CUT + " " + SYSRQ))
          .isInstanceOf(GuestException.class);
    }
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(rehearsal, guest);
      String output = booted.campaign("--verify");
      assertThat(output)
          .contains("PASS: 1 cuts {power=1}, 0 losses")
          .contains("persistence: ")
          .endsWith("exit 0");
      assertThat(operations(output)).isPositive();
      guest.check();
      guest.stop();
    }
    System.out.printf("%s, sysrq: %.1f s%n", rehearsal, (System.nanoTime() - begin) / 1e9);
    KernelFixture.assertNothingLeft(spec);
    return spec;
  }

  /** A way to end the guest. */
  private interface Cut {
    void of(Guest guest) throws Exception;
  }

  /** The power command leaves the cut to the host, which makes it when it is told. */
  private static void cutWhenTold(Booted booted, String java, Cut cut) throws Exception {
    CompletableFuture<String> campaign =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return booted.java(java);
              } catch (GuestException e) {
                return e.outcome().toString();
              }
            },
            task -> Thread.ofPlatform().daemon().start(task));
    assertThat(booted.guest.console().awaitLine(line -> line.contains(TOLD), Deadline.after(BOUND)))
        .as(booted.guest.console()::lastLine)
        .isNotEmpty();
    cut.of(booted.guest);
    assertThat(campaign.get(BOUND.toSeconds(), TimeUnit.SECONDS)).doesNotContain("exit");
  }

  /**
   * Cuts the power of a campaign on devdax so that what was not durable is lost in part, and
   * returns what the check says after the boot.
   *
   * @param begin makes of the booted machine the line of a campaign that tells the host
   * @param verify that of its check
   */
  private String lossy(Function<Booted, String> begin, Function<Booted, String> verify)
      throws Exception {
    GuestSpec spec = spec(Rehearsal.DEVDAX);
    FsImage tested = new FsImage(spec.secondImage());
    TracedNvdimm.Cut[] left = {null};
    try (TracedNvdimm nvdimm = TracedNvdimm.prepare(tested, directory);
        Guest guest = Guest.start(nvdimm.traced(spec))) {
      Booted booted = Booted.of(Rehearsal.DEVDAX, guest);
      String name = booted.path.substring(booted.path.lastIndexOf('/') + 1);
      String resource = shell(guest, "cat /sys/bus/nd/devices/" + name + "/resource");
      nvdimm.begin(Long.decode(resource.lines().findFirst().orElseThrow()));
      cutWhenTold(
          booted,
          begin.apply(booted),
          running -> {
            running.pause();
            left[0] = nvdimm.cut(SEED);
            running.close();
          });
      left[0].write();
    }
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(Rehearsal.DEVDAX, guest);
      String output = booted.java(verify.apply(booted));
      guest.check();
      guest.stop();
      return output;
    } finally {
      KernelFixture.assertNothingLeft(spec);
    }
  }

  private static long operations(String output) {
    return Long.parseLong(
        output.replaceAll("(?s).* ([0-9,]+) operations acknowledged.*", "$1").replace(",", ""));
  }

  /**
   * On the same namespace an unarmed module is refused: without arming none can be made. Both
   * NVDIMMs are read-only then, and so are the mounts.
   */
  @Test
  @Timeout(400)
  void ext4WithDaxKeepsWhatWasAcknowledgedOverSysrqAndIsRefusedUnarmed() throws Exception {
    GuestSpec spec = sysrq(Rehearsal.EXT4);
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("unarmed")))) {
      GuestJvm.open(guest);
      shell(guest, "mount -t ext4 -o ro,noload,dax /dev/pmem0 /root/mnt");
      assertThat(new Booted(guest, "/mnt", "/tmp/new").campaign(""))
          .contains("not_armed")
          .endsWith("exit 3");
      shell(
          guest,
          "mkdir /root/tmp/other && mount -t ext4 -o ro,noload /dev/pmem1 /root/tmp/other"
              + " && cp /root/tmp/other/journal /root/tmp/journal");
      assertThat(new Booted(guest, "/mnt", "/tmp/journal").campaign("--verify"))
          .contains("PLATFORM: ", "nmem0.flags has not_armed now")
          .endsWith("exit 4");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  @Test
  @Timeout(400)
  void ext4WithDaxOnCxlKeepsWhatWasAcknowledgedOverSysrq() throws Exception {
    sysrq(Rehearsal.CXL);
  }

  @Test
  @Timeout(400)
  void devdaxKeepsWhatWasAcknowledgedOverALossyCut() throws Exception {
    tracer();
    String output =
        lossy(
            booted -> booted.verb("--overwrite-device " + CUT + " " + TELL),
            booted -> booted.verb("--verify"));
    assertThat(output).contains("PASS: 1 cuts {power=1}, 0 losses").endsWith("exit 0");
    assertThat(operations(output)).isPositive();
  }

  /** All stores are in the caches, and no other cut takes these away. */
  @Test
  @Timeout(400)
  void aWorkloadWithoutItsWriteBacksIsFoundAfterALossyCut() throws Exception {
    tracer();
    assertThat(lossy(booted -> booted.lazy(TELL), booted -> booted.lazy("verify")))
        .contains("FINDING: cut 1: region of worker 0")
        .endsWith("exit 1");
  }

  private static void tracer() {
    Required.programs("gcc");
    try {
      Tracer.prepare();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
  }

  /** ext2 has no journal: after a reset e2fsck comes before the mount. */
  @Test
  @Timeout(400)
  void ext2WithDaxKeepsWhatWasAcknowledgedOverAReset() throws Exception {
    GuestSpec spec = spec(Rehearsal.EXT2);
    long begin = System.nanoTime();
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(Rehearsal.EXT2, guest);
      cutWhenTold(booted, booted.verb(CUT + " " + TELL), Guest::reset);
    }
    // A mount before it would answer EIO where a name was written and its inode was not.
    tool("e2fsck", "-fy", spec.image() + "?offset=2097152");
    try (Guest guest = Guest.start(spec)) {
      String output = Booted.of(Rehearsal.EXT2, guest).campaign("--verify");
      assertThat(output).contains("PASS: 1 cuts {power=1}, 0 losses").endsWith("exit 0");
      assertThat(operations(output)).isPositive();
      guest.check();
      guest.stop();
    }
    System.out.printf("ext2, reset: %.1f s%n", (System.nanoTime() - begin) / 1e9);
    KernelFixture.assertNothingLeft(spec);
  }

  private static void tool(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as(String.join(" ", command))
        .isBetween(0, 1);
  }

  @Test
  @Timeout(400)
  void aWorkloadWithoutItsSyncsIsFoundAfterSysrq() throws Exception {
    GuestSpec spec = spec(Rehearsal.PAGE_CACHE);
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(Rehearsal.PAGE_CACHE, guest);
      assertThatThrownBy(() -> booted.java(booted.lazy(SYSRQ))).isInstanceOf(GuestException.class);
    }
    try (Guest guest = Guest.start(spec)) {
      Booted booted = Booted.of(Rehearsal.PAGE_CACHE, guest);
      assertThat(booted.java(booted.lazy("verify")))
          .contains("FINDING: cut 1: ")
          .contains("was acknowledged")
          .endsWith("exit 1");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }
}
