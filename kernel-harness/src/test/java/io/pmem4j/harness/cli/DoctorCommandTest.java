// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.MountPoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor reports each case, and leaves the path unchanged. */
class DoctorCommandTest {
  @TempDir Path folder;

  private static JsonNode json(Ran ran) throws Exception {
    return new ObjectMapper().readTree(ran.out().lines().reduce((_, last) -> last).orElseThrow());
  }

  @Test
  void aFolderIsMeasuredAndLeftEmpty() throws Exception {
    Ran ran = Ran.run("doctor", folder.toString(), "--json");
    assertThat(ran.status()).isZero();
    assertThat(folder).isEmptyDirectory();
    JsonNode object = json(ran);
    assertThat(object.get("verb").asText()).isEqualTo("doctor");
    assertThat(object.get("verdict").asText()).isEqualTo("PASS");
    JsonNode facts = object.get("facts");
    assertThat(facts.get("jdk_granularity").asText()).isNotEmpty();
    assertThat(facts.get("map_sync").asText()).isIn("granted", "refused");
    assertThat(facts.get("jdk_persist_64_bytes_ns").asLong()).isPositive();
    assertThat(facts.get("flush_instruction").asText()).isNotEmpty();
    assertThat(facts.get("file_system").asText()).contains(" on ");
    assertThat(object.get("counts").get("missing").asInt()).isEqualTo(object.get("missing").size());
  }

  @Test
  void aFileIsNotChanged() throws Exception {
    Path file = folder.resolve("precious");
    Files.writeString(file, "precious".repeat(1000));
    assertThat(Ran.run("doctor", file.toString()).status()).isZero();
    assertThat(file).hasContent("precious".repeat(1000));
  }

  /** A file cannot be created in {@code /proc}, not even by root. */
  @Test
  void aFolderWhereNoFileCanBeMadeIsNoPass() throws Exception {
    Ran ran = Ran.run("doctor", "/proc", "--json");
    assertThat(ran.status()).isEqualTo(3);
    assertThat(json(ran).get("verdict").asText()).isEqualTo("ERROR");
    assertThat(json(ran).get("facts").get("file_system").asText()).startsWith("proc on /proc");
    assertThat(ran.out()).contains("no file can be made in it");
  }

  @Test
  void whatCannotBeMappedIsSaidAndIsNoPass() throws Exception {
    Path empty = Files.createFile(folder.resolve("empty"));
    Ran ran = Ran.run("doctor", empty.toString(), "--json");
    assertThat(ran.status()).isEqualTo(3);
    assertThat(ran.out()).contains("is empty");
    assertThat(json(ran).get("verdict").asText()).isEqualTo("ERROR");
    assertThat(Ran.run("doctor", "/dev/null").status()).isEqualTo(3);
    assertThat(Ran.run("doctor", folder.resolve("no").toString()).status()).isEqualTo(2);
    assertThat(Ran.run("doctor").status()).isEqualTo(2);
  }

  @Test
  void deviceNumbersAreThoseOfMakedev() {
    assertThat(DeviceNumber.text(0x10300)).isEqualTo("259:0");
    assertThat(DeviceNumber.text(0x10fc2c)).isEqualTo("252:300");
  }

  @Test
  void mountPoints() throws Exception {
    List<String> lines =
        List.of(
            "22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro",
            "30 22 259:2 / /mnt/with\\040blank rw - xfs /dev/pmem0 rw,dax=always",
            "31 22 0:40 / /mnt rw - tmpfs none rw",
            "32 30 259:3 / /mnt/with\\040blank rw - ext4 /dev/pmem1 rw,dax=inode");
    assertThat(MountPoint.in(lines, Path.of("/mnt/x")).type()).isEqualTo("tmpfs");
    assertThat(MountPoint.in(lines, Path.of("/mntx")).type()).isEqualTo("ext4");
    MountPoint last = MountPoint.in(lines, Path.of("/mnt/with blank/a/b"));
    assertThat(last.source()).as("mounted over the other one").isEqualTo("/dev/pmem1");
    assertThat(last.askedForDax()).isFalse();
    assertThat(MountPoint.in(lines.subList(0, 2), Path.of("/mnt/with blank/a")).askedForDax())
        .isTrue();
  }
}
