// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of 2 MiB of addresses: a huge entry or a table, never both. Guarded by the page table
 * lock.
 */
final class Pmd {
  final Map<Long, Pte> table = new HashMap<>();
  @Nullable Pte huge;
}
