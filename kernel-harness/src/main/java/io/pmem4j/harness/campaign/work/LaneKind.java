// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.util.Locale;

/** The workloads of a campaign. */
public enum LaneKind {
  /** A region with a published count. */
  REGION,
  /** Records appended to a DurableLog. */
  LOG,
  /** Transactions of a DurableMap. */
  MAP,
  /** Records in a SlotStore. */
  SLOTS,
  /** Values of a DurableCell. */
  CELL,
  /** Plain files through FileChannel, in a folder. */
  FILES;

  /** Returns the word of this workload in journals and file names. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns true if the workload needs a file system. */
  public boolean needsFolder() {
    return this == FILES;
  }
}
