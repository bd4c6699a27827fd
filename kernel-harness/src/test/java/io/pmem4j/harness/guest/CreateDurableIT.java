// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
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

  /** Creates regions in a folder, or checks which of them exist. Runs in the guest. */
  static final class Probe {
    private static final int BYTES = 64 << 10;

    private Probe() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[1]);
      for (Backend backend : Backend.values()) {
        for (boolean opens : new boolean[] {false, true}) {
          Path file = folder.resolve(backend + (opens ? "-opened" : "-created"));
          if (arguments[0].equals("create")) {
            MapSpec spec = opens ? MapSpec.openOrCreate(BYTES) : MapSpec.createNew(BYTES);
            try (Arena arena = Arena.ofConfined()) {
              PmemRegion region = Pmem.map(file, spec.backend(backend), arena);
              region.putLong(BYTES - 8, 0x4242);
              region.persist(BYTES - 8, 8);
              region.publishLong(0, 0x4343);
            }
            System.out.println("durable " + file);
          } else {
            System.out.println(found(file));
          }
        }
      }
      deep(folder.resolve("deep"), arguments[0].equals("create"));
    }

    /** Creates a file with the JDK, which does not sync its name. */
    private static void deep(Path file, boolean create) throws IOException {
      if (create) {
        Files.write(file, new byte[BYTES]);
        try (Arena arena = Arena.ofConfined()) {
          PmemRegion region = Pmem.map(file, MapSpec.existing(), arena);
          region.putLong(0, 0x4343);
          region.putLong(BYTES - 8, 0x4242);
          region.deepPersist(0, BYTES);
        }
        System.out.println("durable " + file);
      } else {
        System.out.println(found(file));
      }
    }

    private static String found(Path file) throws IOException {
      if (!Files.exists(file)) {
        return "missing " + file;
      }
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(file, MapSpec.existing(), arena);
        boolean whole =
            region.byteSize() == BYTES
                && region.getLong(0) == 0x4343
                && region.getLong(BYTES - 8) == 0x4242;
        return (whole ? "whole " : "not whole ") + file;
      }
    }
  }

  @Test
  @Timeout(600)
  void whatIsDurableSurvivesACut() throws Exception {
    Required.programs("mke2fs", "debugfs", "ldconfig");
    Path jars = GuestJvmIT.jars(directory);
    copyProbe(jars, Probe.class);
    GuestSpec spec = GuestJvm.equip(KernelFixture.open(directory).spec().withCpus(1), jars);
    try (Guest guest = Guest.start(spec)) {
      GuestJvm jvm = GuestJvm.open(guest);
      for (String type : List.of("ext2", "ext4")) {
        for (String options : List.of("dax", "")) {
          GuestJvmIT.format(spec.image(), type);
          cut(jvm, spec.image(), type, options);
        }
      }
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  private void cut(GuestJvm jvm, Path image, String type, String options) throws Exception {
    String mount = type + " -o '" + options + "'";
    jvm.mount(type, options);
    GuestJvm.Ended created = probe(jvm, "create");
    Path cut = Files.copy(image, directory.resolve("cut"));
    assertThat(created.status()).as(mount + created.output()).isZero();
    assertThat(lines(created, "durable ")).as(mount).hasSize(5);
    jvm.unmount();
    replace(image, cut);
    Files.delete(cut);
    jvm.mount(type, options);
    GuestJvm.Ended checked = probe(jvm, "check");
    assertThat(checked.status()).as(mount + checked.output()).isZero();
    assertThat(lines(checked, "whole ")).as(mount + checked.output()).hasSize(5);
    jvm.unmount();
  }

  private static List<String> lines(GuestJvm.Ended ended, String start) {
    return ended.output().lines().filter(line -> line.startsWith(start)).toList();
  }

  private static GuestJvm.Ended probe(GuestJvm jvm, String what) throws GuestException {
    List<String> arguments =
        new ArrayList<>(
            List.of("--enable-native-access=ALL-UNNAMED", "-cp", "/app/classes:/app/pmem-ffi.jar"));
    arguments.addAll(List.of(Probe.class.getName(), what, "/mnt"));
    GuestJvm.Ended ended = jvm.run(BOUND, arguments);
    System.out.println(ended.output());
    return ended;
  }

  /** In place: the guest's memory is a mapping of this very file. */
  private static void replace(Path image, Path content) throws IOException {
    try (FileChannel from = FileChannel.open(content, StandardOpenOption.READ);
        RandomAccessFile to = new RandomAccessFile(image.toFile(), "rw")) {
      assertThat(from.transferTo(0, from.size(), to.getChannel())).isEqualTo(from.size());
    }
  }

  /** Copies the class of a program that runs in the guest. */
  static void copyProbe(Path jars, Class<?> probe) throws IOException {
    String name = probe.getName().replace('.', '/') + ".class";
    Path copy = jars.resolve("classes").resolve(name);
    Files.createDirectories(copy.getParent());
    try (InputStream in = probe.getResourceAsStream("/" + name)) {
      Files.copy(in, copy);
    }
  }
}
