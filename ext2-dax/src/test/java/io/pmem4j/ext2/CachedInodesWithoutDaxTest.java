// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.io.IOException;

/** Inodes that leave the memory with the pages of their files. */
class CachedInodesWithoutDaxTest extends CachedInodesTest {
  @Override
  MountOptions options() throws IOException {
    return MountOptions.parse("oldalloc,noatime,user_xattr");
  }
}
