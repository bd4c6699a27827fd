// SPDX-License-Identifier: Apache-2.0

/** Persistent memory for Java programs. */
module io.pmem4j.pmem {
  requires static org.jspecify;

  exports io.pmem4j.pmem;
}
