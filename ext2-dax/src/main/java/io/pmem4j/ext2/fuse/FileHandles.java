// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.OpenFile;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The open files of a mount by the handles that the kernel has for them. Thread-safe. */
final class FileHandles {
  private final Map<Long, OpenFile> files = new ConcurrentHashMap<>();
  private final AtomicLong next = new AtomicLong(1);

  /** Returns a new handle of a file. */
  long add(OpenFile file) {
    long handle = next.getAndIncrement();
    files.put(handle, file);
    return handle;
  }

  /**
   * Returns the file of a handle.
   *
   * @throws Ext2Exception EBADF
   */
  OpenFile get(long handle) throws Ext2Exception {
    OpenFile file = files.get(handle);
    if (file == null) {
      throw new Ext2Exception(Errno.EBADF, "no open file has handle " + handle);
    }
    return file;
  }

  /** Returns true if no file is open. */
  boolean isEmpty() {
    return files.isEmpty();
  }

  /** Closes the file of a handle. */
  void release(long handle) throws Ext2Exception {
    OpenFile file = files.remove(handle);
    if (file != null) {
      file.close();
    }
  }

  /** Closes what the kernel did not release: its connection was aborted. */
  void closeAll() throws Ext2Exception {
    for (Long handle : files.keySet()) {
      release(handle);
    }
  }
}
