// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.FakeSysfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A machine whose sysfs says that a folder of this one lies on an NVDIMM. */
final class FakeMachine {
  final FakeSysfs sysfs;
  final Path proc;
  final List<Duration> pauses = new ArrayList<>();

  /** Runs in each pause. */
  Runnable meanwhile = () -> {};

  FakeMachine(Path folder, Path place) throws IOException {
    sysfs = new FakeSysfs(Files.createDirectory(folder.resolve("sys")));
    proc = folder.resolve("proc");
    set("sys/kernel/osrelease", "6.12.0");
    set("cmdline", "root=/dev/vda");
    boot("boot-1");
    DeviceNumber number = TestedPlace.of(place).number();
    sysfs.link("dev/block/" + number.text(), FakeSysfs.DISK);
  }

  void set(String attribute, String content) throws IOException {
    Path file = proc.resolve(attribute);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content + "\n");
  }

  void boot(String id) throws IOException {
    set("sys/kernel/random/boot_id", id);
  }

  Machine machine() {
    return new Machine(
        sysfs.root,
        proc,
        time -> {
          pauses.add(time);
          meanwhile.run();
        });
  }
}
