// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.durable.DurabilityCheck;
import io.pmem4j.harness.durable.DurabilityCheck.Call;
import io.pmem4j.harness.durable.DurabilityCheck.WatchedFile;
import io.pmem4j.harness.durable.LineTracker;
import io.pmem4j.harness.program.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a program that promise durability, judged as each returns. Not judged are the
 * handlers that are known to lose stores (findings S1 and D1) or to record none, and images that
 * were damaged before.
 */
final class ModelPromises {
  private static final int O_DSYNC = 010000;
  private static final int O_APPEND = 02000;

  private final Ext2FileSystem fs;
  private final @Nullable DurabilityCheck check;
  private final List<WatchedFile> files = new ArrayList<>();
  private final Map<OpenFile, Opened> opened = new HashMap<>();
  private final Map<Vma, WatchedFile> mapped = new HashMap<>();

  private record Opened(WatchedFile file, boolean synced) {}

  /**
   * For one program.
   *
   * @param lines of the file system's memory; null where the calls are not judged
   */
  ModelPromises(Ext2FileSystem fs, @Nullable LineTracker lines) {
    this.fs = fs;
    this.check = lines == null ? null : new DurabilityCheck(lines, () -> {}, files);
  }

  /**
   * For tasks that run at the same time; pointers are judged as well.
   *
   * @param point called before the check reads lines
   */
  ModelPromises(Ext2FileSystem fs, LineTracker lines, Runnable point) {
    this.fs = fs;
    this.check = new DurabilityCheck(lines, point, files);
    this.check.pointersLast();
  }

  void opened(String path, OpenFile file, int flags) throws Ext2Exception {
    if (check != null) {
      int ino = Math.toIntExact(file.stat().ino());
      WatchedFile watched = new WatchedFile(path, ino, () -> stat(file));
      files.removeIf(each -> each.ino() == ino);
      files.add(watched);
      opened.put(file, new Opened(watched, (flags & O_DSYNC) != 0 && (flags & O_APPEND) == 0));
    }
  }

  /** A child's descriptor of the same open file. */
  void duplicated(OpenFile file, OpenFile duplicate) {
    Opened known = opened.get(file);
    if (known != null) {
      opened.put(duplicate, known);
    }
  }

  void mapped(Vma vma, OpenFile file) {
    Opened known = opened.get(file);
    if (known != null) {
      mapped.put(vma, known.file);
    }
  }

  private static @Nullable Stat stat(OpenFile file) {
    try {
      return file.stat();
    } catch (Ext2Exception e) {
      if (e.errno() == Errno.EBADF) {
        return null;
      }
      throw new IllegalStateException(e);
    }
  }

  private @Nullable DurabilityCheck judging() {
    return fs.errors().isEmpty() ? check : null;
  }

  void fsync(OpenFile file) throws Ext2Exception {
    Opened known = opened.get(file);
    DurabilityCheck judge = judging();
    if (judge == null || known == null) {
      file.fsync();
    } else {
      judge.file("fsync", known.file, file::fsync);
    }
  }

  void fdatasync(OpenFile file, Call<Ext2Exception> call) throws Ext2Exception {
    Opened known = opened.get(file);
    DurabilityCheck judge = judging();
    if (judge == null || known == null) {
      call.run();
    } else {
      judge.range("fdatasync", known.file, 0, Long.MAX_VALUE, call);
    }
  }

  long pwrite(OpenFile file, long position, byte[] bytes) throws Ext2Exception {
    Opened known = opened.get(file);
    DurabilityCheck judge = judging();
    if (judge == null || known == null || !known.synced || bytes.length == 0) {
      return file.pwrite(position, bytes);
    }
    long[] written = new long[1];
    judge.write(
        known.file,
        position,
        position + bytes.length - 1,
        () -> written[0] = file.pwrite(position, bytes));
    return written[0];
  }

  Outcome.Builder msync(AddressSpace memory, Vma vma, long offset, long length, int flags)
      throws Ext2Exception {
    WatchedFile file = mapped.get(vma);
    DurabilityCheck judge = judging();
    Call<Ext2Exception> msync = () -> memory.msync(vma, offset, length, flags);
    if (judge == null
        || file == null
        || length <= 0
        || (flags & AddressSpace.MS_SYNC) == 0
        || !vma.shared()) {
      msync.run();
    } else {
      long first = vma.pgoff() * 4096 + offset;
      judge.range("msync", file, first, first + length - 1, msync);
    }
    return ModelProcess.result(0);
  }

  void sync(String call) throws Ext2Exception {
    everything(call, fs::sync);
  }

  void freeze() throws Ext2Exception {
    everything("freeze", fs::freeze);
  }

  private void everything(String name, Call<Ext2Exception> call) throws Ext2Exception {
    DurabilityCheck judge = judging();
    if (judge == null) {
      call.run();
    } else {
      judge.everything(name, call);
    }
  }

  void unmount() throws Ext2Exception {
    fs.unmount();
    DurabilityCheck judge = judging();
    if (judge != null) {
      judge.unmounted();
    }
  }
}
