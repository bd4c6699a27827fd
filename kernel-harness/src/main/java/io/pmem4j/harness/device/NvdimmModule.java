// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A module of persistent memory, by NFIT or CXL.
 *
 * @param name such as {@code nmem0}
 * @param bus {@code nfit}, {@code cxl}, or empty if the kernel states neither
 * @param flags words of trouble: {@code not_armed}, {@code save_fail} and others
 * @param dirtyShutdowns how often the module lost data at a power failure, by its own count; read
 *     once at boot under NFIT; empty if it does not count
 * @param identity attributes that tell this module from another one, such as {@code serial}
 */
public record NvdimmModule(
    String name,
    String bus,
    List<String> flags,
    OptionalLong dirtyShutdowns,
    Map<String, String> identity) {
  private static final List<String> IDENTITY =
      List.of("id", "serial", "handle", "phys_id", "vendor", "device", "family", "provider");

  /** Copies the collections. */
  public NvdimmModule {
    flags = List.copyOf(flags);
    identity = Map.copyOf(identity);
  }

  static NvdimmModule read(SysfsFolder module) {
    for (String bus : List.of("nfit", "cxl")) {
      SysfsFolder folder = module.folder(bus);
      if (folder.exists()) {
        Map<String, String> identity = new LinkedHashMap<>();
        for (String attribute : IDENTITY) {
          folder.read(attribute).ifPresent(value -> identity.put(attribute, value));
        }
        List<String> flags =
            Arrays.stream(folder.read("flags").orElse("").split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
        return new NvdimmModule(
            module.name(), bus, flags, folder.number("dirty_shutdown"), identity);
      }
    }
    return new NvdimmModule(module.name(), "", List.of(), OptionalLong.empty(), Map.of());
  }

  /** Returns the identity in one line. */
  public String describe() {
    String count =
        dirtyShutdowns.isPresent()
            ? dirtyShutdowns.getAsLong() + " dirty shutdowns"
            : "does not count dirty shutdowns";
    String id = identity.getOrDefault("id", identity.getOrDefault("serial", "unknown"));
    return "%s, id %s, %s, %s"
        .formatted(
            bus.isEmpty() ? "neither NFIT nor CXL" : bus.toUpperCase(Locale.ROOT),
            id,
            flags.isEmpty() ? "no flag of trouble" : "flags " + String.join(" ", flags),
            count);
  }
}
