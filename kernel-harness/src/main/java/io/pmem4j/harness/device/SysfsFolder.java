// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** A folder of sysfs, whose files are attributes of one line or a few. */
record SysfsFolder(Path path) {
  /**
   * Returns the content of an attribute without the blanks around it; empty if the kernel has no
   * such attribute here, or refuses to answer, which it does for what the hardware lacks.
   */
  Optional<String> read(String attribute) {
    try {
      return Optional.of(Files.readString(path.resolve(attribute)).strip());
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  /** Returns an attribute of 0 or 1; empty as by {@link #read}. */
  Optional<Boolean> flag(String attribute) {
    return read(attribute).map("1"::equals);
  }

  /** Returns an attribute that is a number, decimal or hexadecimal; empty as by {@link #read}. */
  OptionalLong number(String attribute) {
    try {
      return OptionalLong.of(Long.decode(read(attribute).orElse("")));
    } catch (NumberFormatException none) {
      return OptionalLong.empty();
    }
  }

  SysfsFolder folder(String name) {
    return new SysfsFolder(path.resolve(name));
  }

  boolean exists() {
    return Files.isDirectory(path);
  }

  String name() {
    return String.valueOf(path.getFileName());
  }
}
