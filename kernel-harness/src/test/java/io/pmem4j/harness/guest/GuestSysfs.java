// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A copy of the part of a guest's sysfs that describes its NVDIMMs. */
final class GuestSysfs {
  /** Prints the device of pmem0, and each attribute below its bus with its lines. */
  private static final String SCRIPT =
      """
      number=$(cat /sys/block/pmem0/dev)
      echo "LINK $number $(readlink -f /sys/block/pmem0)"
      cd /sys/bus/nd/devices/ndbus0/
      find "$(readlink -f .)" -type f ! -name uevent ! -path '*/power/*' | while read -r file; do
        content=$(cat "$file" 2>/dev/null) || continue
        echo "FILE $file"
        echo "$content" | sed 's/^/ /'
      done
      """;

  private GuestSysfs() {}

  /** Returns the guest's {@code pmem0}. */
  static PmemDevice pmem0(Guest guest, Path folder) throws Exception {
    Response response =
        guest.request(Request.of(WireOp.EXEC, 30_000).withStrings("/bin/sh", "-c", SCRIPT));
    String text = new String(response.data(), StandardCharsets.UTF_8);
    assertThat(response.result()).as(text).isZero();
    Path sys = Files.createTempDirectory(folder, "sys");
    String number = "";
    Path file = sys;
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case "LINK" -> {
          number = words[1];
          Path link = sys.resolve("dev/block").resolve(number);
          Files.createDirectories(link.getParent());
          Files.createSymbolicLink(link, in(sys, words[2]));
        }
        case "FILE" -> {
          file = in(sys, words[1]);
          Files.createDirectories(file.getParent());
          Files.createFile(file);
        }
        default -> Files.writeString(file, line.substring(1) + "\n", StandardOpenOption.APPEND);
      }
    }
    List<PmemDevice> devices = PmemDevice.below(sys, PmemDevice.Numbers.BLOCK, number);
    assertThat(devices).as(text).hasSize(1);
    return devices.getFirst();
  }

  private static Path in(Path sys, String path) {
    return sys.resolve(path.substring("/sys/".length()));
  }
}
