// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** The capabilities of Linux that a file system asks for, see capabilities(7). */
public enum Capability {
  /** Changes the owner of any file: CAP_CHOWN. */
  CHOWN,
  /** Passes over the permissions of files: CAP_DAC_OVERRIDE. */
  DAC_OVERRIDE,
  /** Reads any file and searches any directory: CAP_DAC_READ_SEARCH. */
  DAC_READ_SEARCH,
  /** Does what only the owner of a file may: CAP_FOWNER. */
  FOWNER,
  /** Keeps and sets the set-id bits: CAP_FSETID. */
  FSETID,
  /** Makes device files: CAP_MKNOD. */
  MKNOD,
  /** Sets and clears the flags immutable and append-only: CAP_LINUX_IMMUTABLE. */
  LINUX_IMMUTABLE,
  /** Sets the capabilities of programs: CAP_SETFCAP. */
  SETFCAP,
  /** Sees and sets attributes of the name spaces trusted and security: CAP_SYS_ADMIN. */
  SYS_ADMIN,
  /** Takes the reserved blocks: CAP_SYS_RESOURCE. */
  SYS_RESOURCE
}
