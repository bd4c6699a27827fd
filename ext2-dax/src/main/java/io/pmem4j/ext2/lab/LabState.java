// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

/** A kind of state that tasks of an experiment share. */
public enum LabState {
  /** The pages of zeros in the page cache of an inode. */
  HOLE_PAGES
}
