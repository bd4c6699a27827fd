// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.MountOptions;

/** The option {@code nobh}, which has changed nothing on the medium ever. */
public enum NobhOption {
  /** Linux 5.10 keeps and shows it. */
  LINUX_5_10,
  /** Since Linux 5.19 it is taken with a message, and forgotten. */
  LINUX_6_1;

  /** Returns the options that are kept of those given. */
  MountOptions kept(MountOptions given) {
    return this == LINUX_5_10 ? given : given.with(MountFlag.NOBH, false);
  }
}
