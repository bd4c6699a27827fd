// SPDX-License-Identifier: Apache-2.0

/**
 * Persistent memory for Java programs: mapped regions whose {@code persist} is durable or throws,
 * on persistent memory and on ordinary files. Also the locks of the file system above them, which
 * are exported to it and to the test kit only.
 *
 * <p>The module calls native code through the Foreign Function and Memory API; run it with {@code
 * --enable-native-access=io.pmem4j.pmem}.
 */
@SuppressWarnings("module") // The modules of the qualified export are built after this one.
module io.pmem4j.pmem {
  requires static transitive org.jspecify;
  // ExtendedMapMode.READ_WRITE_SYNC: the JDK's own way to map persistent memory (JEP 352).
  requires jdk.nio.mapmode;

  exports io.pmem4j.pmem;
  exports io.pmem4j.sched to
      io.pmem4j.ext2,
      io.pmem4j.testkit;
}
