// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.util.Optional;

/**
 * The part of a machine whose content outlives a power failure, by its platform's own statement
 * (ACPI, NFIT platform capabilities).
 */
public enum PersistenceDomain {
  /** The firmware makes no statement, so that nothing follows from it. */
  UNSTATED("none", ""),
  /** The memory controller with its queues: a line is durable once it is written back. */
  MEMORY_CONTROLLER("memory", "memory_controller"),
  /** The caches too: a store is durable once it is visible. */
  CPU_CACHE("cpu", "cpu_cache");

  private final String word;
  private final String attribute;

  PersistenceDomain(String word, String attribute) {
    this.word = word;
    this.attribute = attribute;
  }

  /** Returns the word of this domain on a command line. */
  public String word() {
    return word;
  }

  /**
   * Returns the domain of a region by its attribute {@code persistence_domain}.
   *
   * @param attribute the content of the file; empty if the region has none
   * @return empty for a word that no kernel known here writes
   */
  public static Optional<PersistenceDomain> ofAttribute(Optional<String> attribute) {
    String found = attribute.orElse("").strip();
    for (PersistenceDomain domain : values()) {
      if (domain.attribute.equals(found)) {
        return Optional.of(domain);
      }
    }
    return Optional.empty();
  }
}
