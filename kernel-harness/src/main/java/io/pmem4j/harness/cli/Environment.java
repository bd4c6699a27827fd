// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.kernel.KernelImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The versions and the machine of a run, as reports show them. */
final class Environment {
  private Environment() {}

  /** Returns what a run that boots a kernel depends on, by name. */
  static Map<String, String> of(String kernel) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("java", Runtime.version() + ", " + System.getProperty("java.vendor"));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("processors", Runtime.getRuntime().availableProcessors() + " x " + processor());
    String substituted = KernelImages.substituted().get(kernel);
    facts.put("kernel " + kernel, substituted == null ? "the pinned version" : substituted);
    return facts;
  }

  private static String processor() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo"))
          .lines()
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unnamed");
    } catch (IOException e) {
      return "unnamed (" + e.getMessage() + ")";
    }
  }
}
