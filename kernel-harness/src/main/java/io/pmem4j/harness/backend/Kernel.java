// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.util.Arrays;
import java.util.List;

/**
 * The kernels of the laboratory by what they show. Several are one image, booted in another state
 * of the 2015 series; the state is read once at boot, because lockdep's graph accumulates.
 */
public enum Kernel {
  /** The series as it was merged: one handler, dax_sem inside freeze protection. */
  MERGED("merged", "merged", "", Profile.LINUX_5_10),
  /** The series as a kernel of today can have it: four handlers under dax_sem. */
  SERIES("series", "lab", "series", Profile.SERIES),
  /** The letter's order: dax_sem outside freeze protection. */
  POSTED_ORDER("posted-order", "lab", "posted", Profile.LINUX_5_10),
  /** No dax_sem in the fault. */
  UNLOCKED("unlocked", "lab", "unlocked", Profile.LINUX_5_10),
  /** Before the series: four handlers, no lock, no size check. */
  BEFORE("before", "lab", "before", Profile.SERIES),
  /** Patch 1 alone: the size check in pfn_mkwrite. */
  PATCH1("patch1", "lab", "patch1", Profile.SERIES),
  /** The rejected attempt: truncate_mutex before the fault's body, no dax_sem. */
  TRUNCATE_MUTEX_FIRST("truncate-mutex-first", "lab", "tmf", Profile.LINUX_5_10);

  /** Which fault bodies a kernel has. */
  public enum Profile {
    /** One handler, no PMD faults. */
    LINUX_5_10,
    /** Four handlers, PMD faults tried first. */
    SERIES
  }

  private final String label;
  private final String image;
  private final String lab;
  private final Profile profile;

  Kernel(String label, String image, String lab, Profile profile) {
    this.label = label;
    this.image = image;
    this.lab = lab;
    this.profile = profile;
  }

  /**
   * The kernel of this name.
   *
   * @throws IllegalArgumentException naming all there are
   */
  public static Kernel of(String label) {
    return Arrays.stream(values())
        .filter(kernel -> kernel.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown kernel '" + label + "': " + String.join(", ", labels())));
  }

  /** All names, as on the command line. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(Kernel::toString).toList();
  }

  /** What {@code qemu/kernel/build} takes. */
  public String image() {
    return image;
  }

  /** More kernel command line; empty for none. */
  public String append() {
    return lab.isEmpty() ? "" : "ext2.lab=" + lab;
  }

  /** Its fault bodies. */
  public Profile profile() {
    return profile;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
