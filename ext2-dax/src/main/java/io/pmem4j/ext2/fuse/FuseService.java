// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import java.util.function.Consumer;

/**
 * A file system to be served, and the surroundings of its server. Immutable.
 *
 * @param fs the file system, mounted without a umask, which the kernel applies
 * @param writeBack makes durable what the file system has flushed: {@link
 *     WriteBackMemory#writeBack}, or nothing
 * @param workers the number of threads, at least 1
 * @param log gets a line for each failure that no caller is told of
 */
public record FuseService(
    Ext2FileSystem fs, Runnable writeBack, int workers, Consumer<String> log) {

  /** Makes everything durable that was done so far. */
  void sync() throws Ext2Exception {
    fs.sync();
    writeBack.run();
  }
}
