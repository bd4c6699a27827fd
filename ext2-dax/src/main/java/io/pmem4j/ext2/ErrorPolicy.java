// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** The mount option {@code errors=}: the reaction to an error found on the medium. */
public enum ErrorPolicy {
  /** The policy in the superblock's {@code s_errors}. */
  SUPERBLOCK,
  /** {@code errors=continue}: the error is recorded, and nothing else changes. */
  CONTINUE,
  /** {@code errors=remount-ro}: the error is recorded, and the mount becomes read-only. */
  REMOUNT_RO,
  /** {@code errors=panic}: the error is recorded, and the mount ends: {@link FileSystemPanic}. */
  PANIC
}
