// SPDX-License-Identifier: Apache-2.0
/**
 * The ext2 file system over persistent memory, with the kernel's DAX behaviour. Applications use
 * {@code io.pmem4j.ext2}; the packages of the kernel's nouns are exported for tools that observe a
 * file system from inside: the conformance harness and the explorer.
 *
 * <p>{@code io.pmem4j.ext2.fuse} calls native code; run it with {@code
 * --enable-native-access=io.pmem4j.ext2}.
 */
@SuppressWarnings("module") // The digit at the end is part of the name of the file system.
module io.pmem4j.ext2 {
  requires transitive io.pmem4j.pmem;
  requires static transitive org.jspecify;

  exports io.pmem4j.ext2;
  exports io.pmem4j.ext2.dax;
  exports io.pmem4j.ext2.fuse;
  exports io.pmem4j.ext2.layout;
  exports io.pmem4j.ext2.lock;
  exports io.pmem4j.ext2.mm;
  exports io.pmem4j.ext2.observe;
}
