// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.stream.Stream;

/** The ways by which requests come to a server. */
enum Transport {
  /** They are read from /dev/fuse, as on every kernel. */
  DEVICE("no_io_uring"),

  /** They come over io_uring, which not every kernel has. */
  IO_URING("io_uring");

  private final String option;

  Transport(String option) {
    this.option = option;
  }

  /** Returns options of a mount with this way. */
  String options(String others) {
    return others.isEmpty() ? option : others + "," + option;
  }

  /** Returns the ways that this machine has, and prints why one is left out. */
  static Stream<Transport> offered() {
    String reason = IoUringSwitch.reasonAgainst();
    if (reason.isEmpty()) {
      return Stream.of(values());
    }
    System.out.println("not run over io_uring: " + reason);
    return Stream.of(DEVICE);
  }

  /** Returns io_uring where this machine has it, for mounts that both ways have to serve. */
  static Transport newest() {
    return IoUringSwitch.reasonAgainst().isEmpty() ? IO_URING : DEVICE;
  }
}
