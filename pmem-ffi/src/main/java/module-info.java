// SPDX-License-Identifier: Apache-2.0

/**
 * Persistent memory for Java programs: mapped regions whose {@code persist} is durable or throws,
 * on persistent memory and on ordinary files. {@code io.pmem4j.sched} has locks with a replaceable
 * scheduler, for the file system above and for code that is tested with pmem-testkit.
 *
 * <p>The module calls native code through the Foreign Function and Memory API; run it with {@code
 * --enable-native-access=io.pmem4j.pmem}.
 */
module io.pmem4j.pmem {
  requires static transitive org.jspecify;
  // Events; without the module there are none.
  requires static jdk.jfr;
  // ExtendedMapMode.READ_WRITE_SYNC: the JDK's own way to map persistent memory (JEP 352).
  requires jdk.nio.mapmode;

  exports io.pmem4j.durable;
  exports io.pmem4j.pmem;
  exports io.pmem4j.sched;
}
