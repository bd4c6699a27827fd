// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import io.pmem4j.harness.campaign.LazyCampaign;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * A campaign on a booted machine whose file systems are mounted.
 *
 * @param guest the machine
 * @param java the options of the JVM for the classes of campaigns
 * @param path the path under test
 * @param journal the journal, on the other NVDIMM
 */
record RehearsedCampaign(Guest guest, List<String> java, String path, String journal) {
  /** The time limit of a command. */
  static final Duration BOUND = Duration.ofMinutes(3);

  private static final String MAIN = "io.pmem4j.harness.cli.Main";

  private static final String TOLD = "pmem4j: press the button of ";

  /** On an emulated processor compilers cost a JVM of seconds twice what they give. */
  private static final String INTERPRETED = "-Xint";

  /** A campaign in the guest: the path under test, and the mounts that it needs. */
  enum Place {
    EXT2("ext2", "/mnt", "/tmp/other/journal"),
    EXT4("ext4", "/mnt", "/tmp/other/journal"),
    PAGE_CACHE("ext4", "/mnt", "/tmp/other/journal"),
    DEVDAX("ext4", "", "/mnt/journal"),
    CXL("ext4", "/mnt", "/tmp/other/journal");

    final String fileSystem;
    final String path;
    final String journal;

    Place(String fileSystem, String path, String journal) {
      this.fileSystem = fileSystem;
      this.path = path;
      this.journal = journal;
    }

    boolean onDevice() {
      return path.isEmpty();
    }
  }

  /** Returns the campaign of a place on a machine that has just booted. */
  static RehearsedCampaign of(Place place, Guest guest, List<String> java) throws GuestException {
    GuestJvm jvm = GuestJvm.open(guest);
    jvm.mount(place.fileSystem, place == Place.PAGE_CACHE ? "" : "dax");
    if (place.onDevice()) {
      return new RehearsedCampaign(guest, java, device(jvm, guest), place.journal);
    }
    shell(guest, "mkdir /root/tmp/other && mount -t ext4 /dev/pmem1 /root/tmp/other");
    return new RehearsedCampaign(guest, java, place.path, place.journal);
  }

  /** Returns the device, whose namespace is there again after the first boot. */
  private static String device(GuestJvm jvm, Guest guest) throws GuestException {
    String found = shell(guest, "ls /dev/dax* 2>/dev/null");
    return found.startsWith("/dev/dax") ? found.lines().findFirst().get() : jvm.makeDevdax();
  }

  /** Returns another campaign on the same NVDIMMs, whose folder is made. */
  RehearsedCampaign beside() throws GuestException {
    shell(guest, "mkdir -p /root" + path + "/beside");
    return new RehearsedCampaign(guest, java, path + "/beside", journal + "-beside");
  }

  /** Returns the guest-physical address at which what is under test begins. */
  long resource() throws GuestException {
    if (!path.startsWith("/dev/")) {
      return guest.hello().resource();
    }
    String name = path.substring(path.lastIndexOf('/') + 1);
    String shown = shell(guest, "cat /sys/bus/nd/devices/" + name + "/resource");
    return Long.decode(shown.lines().findFirst().orElseThrow());
  }

  /** Returns the line of the verb. */
  String verb(String options) {
    return "%s crash device %s --journal %s --workers 1 %s".formatted(MAIN, path, journal, options);
  }

  /** Returns the line of a campaign with a bug. */
  String lazy(String what) {
    return "%s %s %s %s".formatted(LazyCampaign.class.getName(), path, journal, what);
  }

  /** Returns a power command that leaves the cut to the host. */
  String tell() {
    return "'echo \"<1>" + TOLD + path + ".\" > /dev/kmsg'";
  }

  /** Returns true if the power command has run. */
  boolean hasTold() {
    return guest.console().tail().stream().anyMatch(line -> line.contains(TOLD + path + "."));
  }

  /** Runs a line, and returns its output, which ends with its exit status. */
  String run(String line) throws GuestException {
    return shell(guest, script(line));
  }

  /** Returns the shell's command for a line. */
  String script(String line) {
    // For the workers.
    return "export JDK_JAVA_OPTIONS='-XX:SharedArchiveFile=/app/program.jsa "
        + INTERPRETED
        + "'; exec chroot /root "
        + String.join(" ", GuestJvm.java())
        + " "
        + String.join(" ", java)
        + " "
        + line;
  }

  /** Runs a script, and returns its output and exit status. */
  static String shell(Guest guest, String script) throws GuestException {
    Response response =
        guest.request(
            Request.of(WireOp.EXEC, BOUND.toMillis()).withStrings("/bin/sh", "-c", script),
            BOUND.plusSeconds(30));
    String output = new String(response.data(), StandardCharsets.UTF_8);
    System.out.println(output.strip());
    return output + "exit " + response.result();
  }
}
