// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.guest.TracedNvdimm;
import io.pmem4j.harness.campaign.CampaignTraining;
import io.pmem4j.harness.campaign.LazyCampaign;
import io.pmem4j.harness.guest.RehearsedCampaign.Place;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The campaign of {@code crash device} on emulated NVDIMMs and CXL memory of a booted kernel, which
 * is rebooted by sysrq, by the machine's reset button or by a lossy cut under it. The journal is on
 * another NVDIMM. The files behind the NVDIMMs have the caches too, so that a missing write-back is
 * found only where the cut is lossy: there a crash state of the recorded stores takes the NVDIMM's
 * place.
 */
@Tag("powercuts")
class DeviceRehearsalIT {
  private static final String CUT = "--kills 0 --power-wait 100 --power-cmd";
  private static final String SYSRQ = "'echo b > /proc/sysrq-trigger'";

  private static final long SEED = 7;

  @TempDir private static Path shared;

  private static Path jars = Path.of("");
  private static List<String> java = List.of();

  @TempDir private Path directory;

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

  private GuestSpec spec(Place place) throws Exception {
    Path second = directory.resolve("nvdimm2");
    try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    KernelFixture kernels =
        place == Place.CXL ? KernelFixture.open(directory, "6.12") : KernelFixture.open(directory);
    GuestSpec plain = kernels.spec().withSecondImage(second);
    if (place == Place.CXL) {
      plain = plain.withMachine(GuestMachine.parse("cxl"));
    }
    GuestJvmIT.format(plain.image(), place.fileSystem);
    if (!place.onDevice()) {
      int status =
          new ProcessBuilder("mke2fs", "-q", "-F", "-t", "ext4", second.toString())
              .inheritIO()
              .start()
              .waitFor();
      assertThat(status).isZero();
    }
    return GuestJvm.equip(plain, jars);
  }

  /** A way to end the guest. */
  private interface Cut {
    void of(Guest guest) throws Exception;
  }

  private static RehearsedCampaign booted(Place place, Guest guest) throws GuestException {
    return RehearsedCampaign.of(place, guest, java);
  }

  /** A campaign that is to run, with the line that begins it. */
  private record Begun(RehearsedCampaign campaign, String line) {}

  /** Returns the verb, whose power command leaves the cut to the host. */
  private static Begun verb(RehearsedCampaign campaign, String options) {
    return new Begun(campaign, campaign.verb(options + CUT + " " + campaign.tell()));
  }

  /** Returns a campaign with a bug. */
  private static Begun lazy(RehearsedCampaign campaign) {
    return new Begun(campaign, campaign.lazy(campaign.tell()));
  }

  /**
   * Runs campaigns beside each other, whose power commands leave the cut to the host. It makes the
   * cut when all of them have told.
   */
  private static void cutWhenTold(List<Begun> begun, Cut cut) throws Exception {
    Guest guest = begun.getFirst().campaign.guest();
    String together =
        begun.stream()
            .map(each -> "(" + each.campaign.script(each.line) + ") &")
            .collect(Collectors.joining("\n", "", "\nwait"));
    CompletableFuture<String> ended =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return RehearsedCampaign.shell(guest, together);
              } catch (GuestException e) {
                return e.outcome().toString();
              }
            },
            task -> Thread.ofPlatform().daemon().start(task));
    assertThat(
            guest
                .console()
                .awaitLine(
                    _ -> begun.stream().allMatch(each -> each.campaign.hasTold()),
                    Deadline.after(RehearsedCampaign.BOUND)))
        .as(guest.console()::lastLine)
        .isNotEmpty();
    cut.of(guest);
    assertThat(ended.get(RehearsedCampaign.BOUND.toSeconds(), TimeUnit.SECONDS))
        .doesNotContain("exit");
  }

  /** The campaigns that run on a machine. */
  private interface Begin {
    List<Begun> of(RehearsedCampaign booted) throws Exception;
  }

  /** The checks of the campaigns after the boot. */
  private interface Checks {
    void of(RehearsedCampaign booted) throws Exception;
  }

  /**
   * Cuts the power of campaigns so that what was not durable on the tested NVDIMM is lost in part,
   * and checks what they say after the boot.
   *
   * @param begin makes of the campaign of the place those that run
   */
  private GuestSpec lossy(Place place, Begin begin, Checks checks) throws Exception {
    Required.programs("gcc");
    try {
      Tracer.prepare();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
    GuestSpec spec = spec(place);
    long from = System.nanoTime();
    FsImage tested = new FsImage(place.onDevice() ? spec.secondImage() : spec.image());
    TracedNvdimm.Cut[] left = {null};
    try (TracedNvdimm nvdimm = TracedNvdimm.prepare(tested, directory);
        Guest guest = Guest.start(nvdimm.traced(spec))) {
      RehearsedCampaign booted = booted(place, guest);
      List<Begun> begun = begin.of(booted);
      nvdimm.begin(booted.resource());
      cutWhenTold(
          begun,
          running -> {
            running.pause();
            left[0] = nvdimm.cut(SEED);
            running.close();
          });
      left[0].write();
    }
    System.out.printf("%s, lossy: cut after %.1f s%n", place, (System.nanoTime() - from) / 1e9);
    if (place == Place.EXT2) {
      // A mount before it would answer EIO where a name was written and its inode was not.
      tool("e2fsck", "-fy", spec.image() + "?offset=2097152");
    }
    try (Guest guest = Guest.start(spec)) {
      checks.of(booted(place, guest));
      guest.check();
      guest.stop();
    }
    System.out.printf("%s, lossy: %.1f s%n", place, (System.nanoTime() - from) / 1e9);
    KernelFixture.assertNothingLeft(spec);
    return spec;
  }

  private static void assertHeld(String output) {
    assertThat(output)
        .contains("PASS: 1 cuts {power=1}, 0 losses")
        .contains("persistence: ")
        .endsWith("exit 0");
    assertThat(operations(output)).isPositive();
  }

  private static long operations(String output) {
    return Long.parseLong(
        output.replaceAll("(?s).* ([0-9,]+) operations acknowledged.*", "$1").replace(",", ""));
  }

  /**
   * In the same cut a workload on mapped files that leaves its write-backs out is a finding: all
   * its stores are in the caches, and no other cut takes these away.
   *
   * <p>On the same namespace an unarmed module is refused: without arming none can be made. Both
   * NVDIMMs are read-only then, and so are the mounts.
   */
  @Test
  @Timeout(400)
  void ext4WithDaxKeepsWhatWasAcknowledgedOverALossyCutAndIsRefusedUnarmed() throws Exception {
    GuestSpec spec =
        lossy(
            Place.EXT4,
            booted -> List.of(verb(booted, ""), lazy(booted.beside())),
            booted -> {
              assertHeld(booted.run(booted.verb("--verify")));
              RehearsedCampaign beside = booted.beside();
              assertThat(beside.run(beside.lazy("verify")))
                  .containsPattern("FINDING: cut 1: (region|log|map|slots|cell) of worker 0")
                  .endsWith("exit 1");
            });
    try (Guest guest = Guest.start(spec.withMachine(GuestMachine.parse("unarmed")))) {
      GuestJvm.open(guest);
      RehearsedCampaign.shell(guest, "mount -t ext4 -o ro,noload,dax /dev/pmem0 /root/mnt");
      RehearsedCampaign fresh = new RehearsedCampaign(guest, java, "/mnt", "/tmp/new");
      assertThat(fresh.run(fresh.verb(""))).contains("not_armed").endsWith("exit 3");
      RehearsedCampaign.shell(
          guest,
          "mkdir /root/tmp/other && mount -t ext4 -o ro,noload /dev/pmem1 /root/tmp/other"
              + " && cp /root/tmp/other/journal /root/tmp/journal");
      RehearsedCampaign same = new RehearsedCampaign(guest, java, "/mnt", "/tmp/journal");
      assertThat(same.run(same.verb("--verify")))
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
    GuestSpec spec = spec(Place.CXL);
    try (Guest guest = Guest.start(spec)) {
      RehearsedCampaign booted = booted(Place.CXL, guest);
      assertThatThrownBy(() -> booted.run(booted.verb(CUT + " " + SYSRQ)))
          .isInstanceOf(GuestException.class);
    }
    try (Guest guest = Guest.start(spec)) {
      RehearsedCampaign booted = booted(Place.CXL, guest);
      assertHeld(booted.run(booted.verb("--verify")));
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  @Test
  @Timeout(400)
  void devdaxKeepsWhatWasAcknowledgedOverALossyCut() throws Exception {
    lossy(
        Place.DEVDAX,
        booted -> List.of(verb(booted, "--overwrite-device ")),
        booted -> assertHeld(booted.run(booted.verb("--verify"))));
  }

  /** ext2 has no journal: e2fsck comes before the mount. */
  @Test
  @Timeout(400)
  void ext2WithDaxKeepsWhatWasAcknowledgedOverALossyCut() throws Exception {
    lossy(
        Place.EXT2,
        booted -> List.of(verb(booted, "")),
        booted -> assertHeld(booted.run(booted.verb("--verify"))));
  }

  private static void tool(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as(String.join(" ", command))
        .isBetween(0, 1);
  }

  @Test
  @Timeout(400)
  void aWorkloadWithoutItsSyncsIsFoundAfterAReset() throws Exception {
    GuestSpec spec = spec(Place.PAGE_CACHE);
    try (Guest guest = Guest.start(spec)) {
      RehearsedCampaign booted = booted(Place.PAGE_CACHE, guest);
      cutWhenTold(List.of(lazy(booted)), Guest::reset);
    }
    try (Guest guest = Guest.start(spec)) {
      RehearsedCampaign booted = booted(Place.PAGE_CACHE, guest);
      assertThat(booted.run(booted.lazy("verify")))
          .contains("FINDING: cut 1: ")
          .contains("was acknowledged")
          .endsWith("exit 1");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }
}
