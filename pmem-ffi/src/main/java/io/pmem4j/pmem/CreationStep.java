// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/** A point in the creation of a file; a kill or a power cut may fall between two of them. */
enum CreationStep {
  /** The file exists, empty, without its final name. */
  OPENED,
  /** It has its length and its blocks. */
  ALLOCATED,
  /** Its zeros are durable. */
  SYNCED,
  /** It is mapped into this process. */
  MAPPED,
  /** It has its final name. */
  NAMED,
  /** Its name is durable. */
  DURABLE
}
