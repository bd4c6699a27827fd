// SPDX-License-Identifier: Apache-2.0

/**
 * Persistent memory: mapped files and devices whose {@code persist} is durable or throws.
 *
 * <p>The example is a ledger that survives a kill at any moment. Run it with {@code
 * --enable-native-access=io.pmem4j.pmem} (on the class path: {@code ALL-UNNAMED}):
 *
 * {@snippet lang="java" :
 * public class Ledger {
 *   public static void main(String[] args) throws IOException {
 *     Path file = Path.of(args[0]);
 *     MapSpec spec = MapSpec.openOrCreate(1 << 24).exclusive(); // one writer
 *     try (Arena arena = Arena.ofConfined()) {
 *       PmemRegion ledger = Pmem.map(file, spec, arena);
 *       long entries = ledger.getLong(0); // what has been committed
 *       for (long n = 0; n < entries; n++) {
 *         if (ledger.getLong(64 + 8 * n) != n * n) {
 *           throw new IllegalStateException("entry lost: " + n);
 *         }
 *       }
 *       System.out.println(entries + " entries found; " + ledger.domain());
 *       for (long n = entries; 64 + 8 * n < ledger.byteSize(); n++) {
 *         ledger.putLong(64 + 8 * n, n * n); // the payload,
 *         ledger.persist(64 + 8 * n, 8); // durable;
 *         ledger.publishLong(0, n + 1); // then the commit, all or nothing
 *       }
 *     }
 *   }
 * }
 * }
 *
 * <p>The region API, its two backends and their errors belong here. Structures on top of a region,
 * crash simulation, and code that knows a file system do not.
 */
@NullMarked
package io.pmem4j.pmem;

import org.jspecify.annotations.NullMarked;
