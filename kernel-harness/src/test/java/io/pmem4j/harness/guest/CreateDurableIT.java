// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A power cut right after a new region was called durable. The NVDIMM's file is copied while the
 * file system is mounted, and the copy is mounted next. The file is there, whole, under its name.
 */
class CreateDurableIT {
  private static final Duration BOUND = Duration.ofMinutes(3);

  @TempDir private Path directory;

  private static final int BYTES = 64 << 10;

  /** Creates regions in a folder. Runs in the guest. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      for (Backend backend : Backend.values()) {
        for (boolean opens : new boolean[] {false, true}) {
          Path file = folder.resolve(backend + (opens ? "-opened" : "-created"));
          MapSpec spec = opens ? MapSpec.openOrCreate(BYTES) : MapSpec.createNew(BYTES);
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion region = Pmem.map(file, spec.backend(backend), arena);
            region.putLong(BYTES - 8, 0x4242);
            region.persist(BYTES - 8, 8);
            region.publishLong(0, 0x4343);
          }
          System.out.println("durable " + file);
        }
      }
      deep(folder.resolve("deep"));
    }

    /** Creates a file with the JDK, which does not sync its name. */
    private static void deep(Path file) throws IOException {
      Files.write(file, new byte[BYTES]);
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(file, MapSpec.existing(), arena);
        region.putLong(0, 0x4343);
        region.putLong(BYTES - 8, 0x4242);
        region.deepPersist(0, BYTES);
      }
      System.out.println("durable " + file);
    }
  }

  /** The digest of each whole file, as sha256sum prints it. */
  private static String whole() throws NoSuchAlgorithmException {
    byte[] content =
        ByteBuffer.allocate(BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, 0x4343)
            .putLong(BYTES - 8, 0x4242)
            .array();
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  @Test
  @Timeout(600)
  void whatIsDurableSurvivesACut() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.applications(directory, Probe.class);
    Path trained = Files.createDirectory(directory.resolve("trained"));
    List<String> command = ClassArchive.ofProgram(jars, Probe.class.getName(), trained.toString());
    command.addAll(List.of(Probe.class.getName(), "/mnt"));
    GuestSpec spec = GuestJvm.equip(KernelFixture.open(directory).spec(), jars);
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      for (String type : List.of("ext2", "ext4")) {
        for (String options : List.of("dax", "")) {
          cut(guest, jvm, spec.image(), command, type, options);
        }
      }
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private void cut(
      Guest guest, GuestJvm jvm, Path image, List<String> command, String type, String options)
      throws Exception {
    String mount = type + " -o '" + options + "'";
    GuestJvmIT.format(image, type);
    jvm.mount(type, options);
    GuestJvm.Ended created = jvm.run(BOUND, command);
    Path cut = Files.copy(image, directory.resolve("cut"));
    assertThat(created.status()).as(mount + created.output()).isZero();
    List<String> durable =
        created
            .output()
            .lines()
            .filter(line -> line.startsWith("durable "))
            .map(line -> line.replace("durable ", "/root"))
            .toList();
    assertThat(durable).as(mount + created.output()).hasSize(5);
    jvm.unmount();
    replace(image, cut);
    Files.delete(cut);
    jvm.mount(type, options);
    List<String> check = new ArrayList<>(List.of("/bin/busybox", "sha256sum"));
    check.addAll(durable);
    Response sums =
        guest.request(
            Request.of(WireOp.EXEC, BOUND.toMillis()).withStrings(check.toArray(String[]::new)));
    String text = new String(sums.data(), StandardCharsets.UTF_8);
    String whole = whole();
    assertThat(text.lines())
        .as(mount)
        .containsExactlyElementsOf(durable.stream().map(file -> whole + "  " + file).toList());
    jvm.unmount();
  }

  /** In place: the guest's memory is a mapping of this very file. */
  private static void replace(Path image, Path content) throws IOException {
    try (FileChannel from = FileChannel.open(content, StandardOpenOption.READ);
        RandomAccessFile to = new RandomAccessFile(image.toFile(), "rw")) {
      assertThat(from.transferTo(0, from.size(), to.getChannel())).isEqualTo(from.size());
    }
  }
}
