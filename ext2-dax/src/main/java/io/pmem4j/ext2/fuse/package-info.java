// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's FUSE protocol over {@code /dev/fuse}, without a native library: mounting, the
 * structures of {@code linux/fuse.h}, and worker threads that answer requests by calls on inodes.
 * Requests are read from the device, or come over io_uring, see {@link
 * io.pmem4j.ext2.fuse.FuseRing}.
 *
 * <p>A worker touches neither the mounted directory nor any path below it, since that would be a
 * request that waits for a worker. Nothing here knows a structure of the medium. Kernel twin:
 * fs/fuse, the other end.
 */
@NullMarked
package io.pmem4j.ext2.fuse;

import org.jspecify.annotations.NullMarked;
