// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;

/** Kernel states of the series: handlers and locks. */
enum SeriesState {
  /** Neither of the patches. */
  before(Profile.BEFORE_SERIES, LabOrders.NO_DAX_SEM),
  /** The size check in pfn_mkwrite alone. */
  patch1(Profile.SERIES, LabOrders.NO_DAX_SEM),
  /** The size check and dax_sem. */
  both(Profile.SERIES, LockOrder.MERGED);

  final Profile profile;

  @SuppressWarnings("ImmutableEnumChecker") // a lock order is a value
  final LockOrder order;

  SeriesState(Profile profile, LockOrder order) {
    this.profile = profile;
    this.order = order;
  }
}
