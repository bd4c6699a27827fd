// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The io_urings of a mount, several for each CPU that the machine may have: the kernel sends
 * nothing over them before every CPU has one. Immutable.
 */
final class FuseRings {
  /** Those of a mount whose requests are read from {@code /dev/fuse}. */
  static final FuseRings NONE = new FuseRings(List.of(), 1);

  /** Says Y if the kernel offers io_uring to new mounts. */
  private static final Path ENABLED = Path.of("/sys/module/fuse/parameters/enable_uring");

  private static final Path POSSIBLE_CPUS = Path.of("/sys/devices/system/cpu/possible");

  /** The most of a CPU, and of a machine unless it has more CPUs than half of that. */
  private static final int MOST_OF_A_CPU = 4;

  private static final int MOST = 64;

  /** A machine with more CPUs keeps to {@code /dev/fuse}. */
  private static final int MOST_CPUS = 256;

  private final List<FuseRing> rings;
  private final int ofEachCpu;

  private FuseRings(List<FuseRing> rings, int ofEachCpu) {
    this.rings = rings;
    this.ofEachCpu = ofEachCpu;
  }

  /** Makes the rings of a mount; {@link #NONE} if the kernel offers none, or refuses one. */
  static FuseRings open(int device) {
    int cpus = line(ENABLED).equals("Y") ? cpus(line(POSSIBLE_CPUS)) : 0;
    if (cpus == 0 || cpus > MOST_CPUS) {
      return NONE;
    }
    // Requests that last hold up no others from their CPU unless there are as many.
    int ofEachCpu = Math.clamp(MOST / cpus, 2, MOST_OF_A_CPU);
    List<FuseRing> rings = new ArrayList<>();
    for (int i = 0; i < cpus * ofEachCpu; i++) {
      FuseRing ring = FuseRing.open(device, i / ofEachCpu, FuseInit.MAX_WRITE);
      if (ring == null) {
        rings.forEach(FuseRing::close);
        return NONE;
      }
      rings.add(ring);
    }
    return new FuseRings(List.copyOf(rings), ofEachCpu);
  }

  private static String line(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** Returns the number of CPUs of a list such as {@code 0-3}; 0 if numbers are left out. */
  static int cpus(String list) {
    if (list.equals("0")) {
      return 1;
    }
    return list.matches("0-[0-9]{1,6}") ? Integer.parseInt(list.substring(2)) + 1 : 0;
  }

  boolean isEmpty() {
    return rings.isEmpty();
  }

  /** Takes a ring, with the name and the CPU of its worker. */
  interface Visitor {
    void visit(String name, FuseRing ring, HomeCpu home);
  }

  void forEach(Visitor visitor) {
    HomeCpu home = new HomeCpu(0, System::nanoTime);
    for (int i = 0; i < rings.size(); i++) {
      int cpu = i / ofEachCpu;
      if (i % ofEachCpu == 0) {
        home = new HomeCpu(cpu, System::nanoTime);
      }
      visitor.visit("fuse-ring-" + cpu + "-" + i % ofEachCpu, rings.get(i), home);
    }
  }
}
