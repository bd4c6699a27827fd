// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/** The points in the making of a new file between which a kill or a power cut may fall. */
enum CreationStep {
  /** The file is there, empty, without the name asked for. */
  OPENED,
  /** It has its length and its blocks. */
  ALLOCATED,
  /** Its zeros are durable. */
  SYNCED,
  /** It is mapped into this process. */
  MAPPED,
  /** It has its name. */
  NAMED,
  /** Its name is durable. */
  DURABLE
}
