// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.jni.KernelBridge;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The state of a mount at one moment, to which it can be restored. Immutable.
 *
 * @param point its root
 * @param flags what mount(2) takes as flags
 * @param options what it takes as text for the file system, without ro and rw
 */
record HostMount(Path point, long flags, String options) {
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final long MS_RDONLY = 1;

  /** The flags of mount(2); those for access times exclude each other. */
  private static final Map<String, Long> FLAGS =
      Map.ofEntries(
          Map.entry("ro", MS_RDONLY),
          Map.entry("nosuid", 2L),
          Map.entry("nodev", 4L),
          Map.entry("noexec", 8L),
          Map.entry("sync", 16L),
          Map.entry("dirsync", 128L),
          Map.entry("noatime", 1L << 10),
          Map.entry("nodiratime", 1L << 11),
          Map.entry("relatime", 1L << 21),
          Map.entry("lazytime", 1L << 25));

  static HostMount at(Path point) throws IOException {
    return find(point, Files.readAllLines(MOUNTS, StandardCharsets.UTF_8));
  }

  /** Of several mounts on one point the last, which hides the others. */
  static HostMount find(Path point, List<String> mountinfo) throws IOException {
    HostMount found = null;
    for (String line : mountinfo) {
      List<String> fields = List.of(line.split(" "));
      if (MountedDirectory.unescape(fields.get(4)).equals(point.toString())) {
        String ofFileSystem = fields.get(fields.indexOf("-") + 3);
        found =
            new HostMount(
                point,
                flags(fields.get(5)) | flags(ofFileSystem),
                Arrays.stream(ofFileSystem.split(",", -1))
                    .filter(option -> !option.equals("rw") && !FLAGS.containsKey(option))
                    .collect(Collectors.joining(",")));
      }
    }
    if (found == null) {
      throw new IOException(point + " is no mount");
    }
    return found;
  }

  private static long flags(String options) {
    return Arrays.stream(options.split(",", -1))
        .mapToLong(option -> FLAGS.getOrDefault(option, 0L))
        .reduce(0, (a, b) -> a | b);
  }

  /** Returns the flags that a remount keeps: all but the read-only flag. */
  long keptFlags() {
    return flags & ~MS_RDONLY;
  }

  /**
   * Mounts again as it was.
   *
   * @throws IOException if it then is not
   */
  void restore() throws IOException {
    Response response =
        ask(Request.of(WireOp.REMOUNT, flags).withStrings(point.toString(), options));
    HostMount now = at(point);
    if (!now.equals(this)) {
      throw new IOException(
          point
              + " could not be mounted again as it was (errno "
              + response.errno()
              + "): it was "
              + this
              + " and is "
              + now);
    }
  }

  /** Thaws it if it is frozen; nothing if not. */
  void thaw() throws IOException {
    ask(Request.of(Syscall.THAW).withStrings(point.toString()));
  }

  /** By this process: a child could be one that waits for the thaw. */
  private static Response ask(Request request) throws IOException {
    try (OperationCore core = KernelBridge.open()) {
      return core.run(request);
    }
  }
}
