// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.InodeLocks;
import io.pmem4j.sched.HeldLock;

/** The lock under which a fault reads a page into the page cache. */
public enum PageFilling {
  /** Linux 5.10: the page lock alone. */
  LINUX_5_10,
  /** Since Linux 5.15: {@code invalidate_lock} around it, which is {@code dax_sem} here. */
  LINUX_6_1;

  HeldLock hold(InodeLocks locks) {
    return this == LINUX_5_10 ? InodeLocks.NOTHING : locks.daxSem().shared();
  }
}
