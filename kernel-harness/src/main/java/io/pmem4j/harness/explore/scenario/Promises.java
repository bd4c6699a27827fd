// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.harness.durable.DurabilityCheck;
import io.pmem4j.harness.durable.DurabilityCheck.WatchedFile;
import io.pmem4j.harness.durable.LineTracker;
import io.pmem4j.sched.SharedState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The calls of a scenario that promise durability; where it asks for that, they are judged. */
final class Promises {
  private final Ext2FileSystem fs;
  private final LineTracker lines;
  private final WatchedFile a;
  private final WatchedFile b;
  private final @Nullable DurabilityCheck check;

  /** A call with its check. */
  private interface Judged {
    void make(DurabilityCheck check) throws Ext2Exception;
  }

  /**
   * Creates the calls of one run.
   *
   * @param durable what the check loads before it looks; null where calls are not judged
   */
  Promises(TwoFileFixture fixture, LineTracker lines, @Nullable SharedState durable)
      throws Ext2Exception {
    this.fs = fixture.fs;
    this.lines = lines;
    this.a = watched("/a", fixture.firstProcess().file);
    this.b = watched("/b", fixture.b());
    if (durable == null) {
      this.check = null;
    } else {
      this.check = new DurabilityCheck(lines, durable::load, List.of(a, b));
      this.check.pointersLast();
    }
  }

  private void make(DurabilityCheck.Call<Ext2Exception> call, Judged judged) throws Ext2Exception {
    if (check == null) {
      call.run();
    } else {
      judged.make(check);
    }
  }

  private static WatchedFile watched(String name, OpenFile file) throws Ext2Exception {
    return new WatchedFile(name, Math.toIntExact(file.stat().ino()), () -> stat(file));
  }

  private static Stat stat(OpenFile file) {
    try {
      return file.stat();
    } catch (Ext2Exception e) {
      throw new IllegalStateException("the file is closed while a scenario checks it", e);
    }
  }

  /** Runs the operation of a task. */
  void operation(ScenarioOperation operation, DurabilityCheck.Call<Ext2Exception> body)
      throws Ext2Exception {
    if (!operation.promises()) {
      lines.beginOperation();
    }
    body.run();
    lines.endOperation();
  }

  void fsync(TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
    make(self.file::fsync, check -> check.file("fsync", a, self.file::fsync));
  }

  void fsyncB(OpenFile file) throws Ext2Exception {
    make(file::fsync, check -> check.file("fsync", b, file::fsync));
  }

  void msync(TwoFileFixture.ScenarioProcess self, long firstByte, long bytes) throws Ext2Exception {
    DurabilityCheck.Call<Ext2Exception> msync =
        () -> self.memory.msync(self.mapping(), 0, bytes, AddressSpace.MS_SYNC);
    make(msync, check -> check.range("msync", a, firstByte, firstByte + bytes - 1, msync));
  }

  void writeSynced(OpenFile file, long position, byte[] bytes) throws Ext2Exception {
    DurabilityCheck.Call<Ext2Exception> write = () -> file.pwrite(position, bytes);
    make(write, check -> check.write(a, position, position + bytes.length - 1, write));
  }

  void sync() throws Ext2Exception {
    make(fs::sync, check -> check.everything("sync", fs::sync));
  }

  void freeze() throws Ext2Exception {
    make(fs::freeze, check -> check.everything("freeze", fs::freeze));
  }

  void unmount() throws Ext2Exception {
    fs.unmount();
    if (check != null) {
      check.unmounted();
    }
  }
}
