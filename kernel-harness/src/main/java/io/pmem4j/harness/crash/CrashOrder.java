// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

/** An order in which metadata becomes durable, with what is judged in it. */
public enum CrashOrder {
  /** The order of {@code mount -o ordered}: no damage in any state, and the promises hold. */
  ORDERED(",ordered"),
  /**
   * The order of Linux: names, inodes and bitmaps may contradict each other. What was synced is
   * there as soon as e2fsck has repaired the image.
   */
  LINUX("");

  private final String option;

  CrashOrder(String option) {
    this.option = option;
  }

  /** Returns the mount options. */
  String options() {
    return "dax,oldalloc,noatime" + option;
  }

  /** Returns the mount option that chooses the order, after a comma; empty if it is the default. */
  public String option() {
    return option;
  }
}
