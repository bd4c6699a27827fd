// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

import static io.pmem4j.harness.kernel.KernelDifference.FALLOCATE_MODES;
import static io.pmem4j.harness.kernel.KernelDifference.FAULT_AROUND;
import static io.pmem4j.harness.kernel.KernelDifference.FIEMAP_BY_IOMAP;
import static io.pmem4j.harness.kernel.KernelDifference.FLOCK_TYPE_FIRST;
import static io.pmem4j.harness.kernel.KernelDifference.NO_INSERT_EVENT;
import static io.pmem4j.harness.kernel.KernelDifference.READ_FAULT_DIRTIES;
import static io.pmem4j.harness.kernel.KernelDifference.VECTORS_LATER;

import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.program.ProgramMount;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The kernels that the harness boots, by their properties. Several are one image, booted in another
 * state of the 2015 series. The state is read once at boot, because lockdep's graph accumulates.
 */
public enum Kernel {
  /** The series as it was merged: one handler, dax_sem inside freeze protection. */
  MERGED("merged", "merged", "", Profile.LINUX_5_10, "merged"),
  /** The series as a kernel of today can have it: four handlers under dax_sem. */
  SERIES("series", "lab", "series", Profile.SERIES, "merged"),
  /** The letter's order: dax_sem outside freeze protection. */
  POSTED_ORDER("posted-order", "lab", "posted", Profile.LINUX_5_10, "posted"),
  /** No dax_sem in the fault. */
  UNLOCKED("unlocked", "lab", "unlocked", Profile.LINUX_5_10, "no-dax-sem"),
  /** Before the series: four handlers, no lock, no size check. */
  BEFORE("before", "lab", "before", Profile.BEFORE_SERIES, "no-dax-sem"),
  /** Patch 1 alone: the size check in pfn_mkwrite. */
  PATCH1("patch1", "lab", "patch1", Profile.SERIES, "no-dax-sem"),
  /** The rejected attempt: truncate_mutex before the fault's body, no dax_sem. */
  TRUNCATE_MUTEX_FIRST(
      "truncate-mutex-first", "lab", "tmf", Profile.LINUX_5_10, "truncate-mutex-first"),
  /** The successor of the series: {@code mapping->invalidate_lock} in the place of dax_sem. */
  LINUX_6_1("6.1", "6.1", "", Profile.LINUX_6_1, "merged"),
  /** The last of Debian's kernels whose ext2 has DAX; 7.2 accepts the option and ignores it. */
  LINUX_6_12("6.12", "6.12", "", Profile.LINUX_6_12, "merged"),
  /** The ext2 of a kernel that has no DAX there: files have a page cache. */
  LINUX_7_3("7.3", "7.3", "", Profile.LINUX_6_12, "merged"),
  /** The same kernel, whose ext4 driver mounts the image of ext2 with DAX. */
  LINUX_7_3_EXT4("7.3-ext4", "7.3", "", Profile.LINUX_6_12, "merged");

  private static final Set<KernelDifference> CALLS =
      EnumSet.of(FALLOCATE_MODES, VECTORS_LATER, FLOCK_TYPE_FIRST);

  private final String label;
  private final String image;
  private final String lab;
  private final Profile profile;
  private final String order;

  Kernel(String label, String image, String lab, Profile profile, String order) {
    this.label = label;
    this.image = image;
    this.lab = lab;
    this.profile = profile;
    this.order = order;
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
                "unknown kernel '" + label + "', expected one of " + String.join(", ", labels())));
  }

  /** All names, as on the command line. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(Kernel::toString).toList();
  }

  /** Returns the name that {@code qemu/kernel/build} takes. */
  public String image() {
    return image;
  }

  /** More kernel command line; empty for none. */
  public String append() {
    return lab.isEmpty() ? "" : "ext2.lab=" + lab;
  }

  /** Its fault handlers, which the model takes too. */
  public Profile profile() {
    return profile;
  }

  /** Returns the lock order of its faults, and of the model. */
  public LockOrder order() {
    return LabOrders.of(order);
  }

  /**
   * Returns the alignment of a mapping for which the program asks no address. A PMD fault depends
   * on the address and on the neighbours, so each mapping gets 2 MiB of its own, on the model and
   * on the kernel.
   *
   * @return a multiple, bytes; 0 for anywhere
   */
  public long alignment() {
    return profile.fourHandlers() ? 2 << 20 : 0;
  }

  /**
   * Returns true if a store through a mapping with MAP_SHARED and MAP_SYNC may hang: the fault ends
   * a mapping that it could not use under the lock that it holds, and so waits for itself.
   */
  public boolean hangsOnSharedSync() {
    return this == LINUX_6_12;
  }

  /** Returns the driver that mounts the image of ext2. */
  public String fileSystem() {
    return this == LINUX_7_3_EXT4 ? "ext4" : "ext2";
  }

  /** Returns the options that each program is mounted with in addition: ext2 lost its DAX. */
  public ProgramMount mount() {
    return this == LINUX_7_3 ? ProgramMount.parse("nodax") : ProgramMount.DEFAULT;
  }

  /**
   * Returns whether it is patched: tasks can be parked in it, and its locks are those of ext2's
   * DAX, which can be compared.
   */
  public boolean hasPoints() {
    return !image.equals("7.3");
  }

  /** Returns true if a freeze and an eviction contradict each other's order of locks. */
  public boolean invertsFreezing() {
    return this == POSTED_ORDER;
  }

  /** Returns whether its outcomes equal those of 5.10 except for {@link KernelDifference}s. */
  public boolean isLater() {
    return !differences().isEmpty();
  }

  /** The differences from 5.10 that its outcomes may show; any other is a finding. */
  public Set<KernelDifference> differences() {
    return switch (this) {
      case LINUX_6_1 -> {
        Set<KernelDifference> shown = EnumSet.range(NO_INSERT_EVENT, READ_FAULT_DIRTIES);
        shown.add(FLOCK_TYPE_FIRST);
        yield shown;
      }
      case LINUX_6_12 -> EnumSet.complementOf(EnumSet.of(READ_FAULT_DIRTIES, FAULT_AROUND));
      case LINUX_7_3 -> {
        Set<KernelDifference> shown = EnumSet.copyOf(CALLS);
        shown.addAll(Set.of(FIEMAP_BY_IOMAP, FAULT_AROUND));
        yield shown;
      }
      case LINUX_7_3_EXT4 -> CALLS;
      default -> Set.of();
    };
  }

  /**
   * The model's name of a lock class, from the name that this kernel's lockdep has for it. Since
   * 6.1 there is one class of invalidate_lock for each type of file system; lockdep numbers them.
   */
  public String lockName(String lockdepName) {
    return isLater() && lockdepName.matches("mapping\\.invalidate_lock(#\\d+)?")
        ? "&ei->dax_sem"
        : lockdepName;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
