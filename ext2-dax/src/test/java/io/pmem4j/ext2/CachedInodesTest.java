// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.ForwardingScheduler;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Inodes that nobody uses leave the memory, and come back as the medium has them. Whether a file
 * has a reservation window tells whether its inode was in memory since the file allocated.
 */
class CachedInodesTest extends OnImage {
  private static final int FILES = 60;
  private static final int LIMIT = 8;
  private static final byte[] NAME = "user.a".getBytes(StandardCharsets.UTF_8);

  /** Runs once, in the next task that is about to add an inode to those in memory. */
  private final AtomicReference<TaskThread.@Nullable Body> interruption = new AtomicReference<>();

  @Override
  MountOptions options() throws IOException {
    return MountOptions.parse("dax,oldalloc,noatime,user_xattr");
  }

  @Override
  Instrumentation instrumentation() {
    return image
        .instrumentation()
        .withCachedInodes(LIMIT)
        .withScheduler(
            new ForwardingScheduler(Scheduler.production()) {
              @Override
              public void yieldPoint(Point point, Object object) {
                if (point == Point.STORE
                    && object instanceof SharedState state
                    && state.kind() == StateKind.INODE_CACHE) {
                  interrupt();
                }
              }
            });
  }

  private void interrupt() {
    TaskThread.Body body = interruption.getAndSet(null);
    if (body != null) {
      try {
        new TaskThread(body).end();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Has the medium know all files, and others come until those leave that nobody uses. */
  private void syncAndCrowd() throws Exception {
    fs.sync();
    for (int i = 0; i < 2 * LIMIT; i++) {
      fs.paths().mknod("/more" + i, 0100644, 0, 0);
      fs.sync();
    }
  }

  private void makeFiles() throws Exception {
    for (int i = 0; i < FILES; i++) {
      try (OpenFile file = fs.open("/n" + i, O_RDWR_CREAT, 0644)) {
        file.pwrite(0, bytes(P + i, i));
      }
    }
  }

  /** Looks all of them up, which brings each into memory for a moment. */
  private void lookAtFiles() throws Exception {
    for (int i = 0; i < FILES; i++) {
      fs.paths().stat("/n" + i, false);
    }
  }

  private boolean wasAway(String path) throws Exception {
    try {
      return fs.paths().reservation(path) == 0;
    } catch (Ext2Exception e) {
      assertThat(e.errno()).isEqualTo(Errno.ENOTTY);
      return true;
    }
  }

  private int filesThatWereAway() throws Exception {
    int away = 0;
    for (int i = 0; i < FILES; i++) {
      away += wasAway("/n" + i) ? 1 : 0;
    }
    return away;
  }

  @Test
  void whatNobodyUsesLeavesAndComesBackAsItWas() throws Exception {
    makeFiles();
    fs.paths().link("/n3", "/other");
    fs.paths().setXattr("/n4", NAME, bytes(3, 7), 0, true);
    fs.paths().chmod("/n5", 0600);
    fs.paths().symlink("/n" + "0".repeat(80), "/s");
    syncAndCrowd();
    assertThat(filesThatWereAway()).isGreaterThanOrEqualTo(FILES - 4 * LIMIT);
    assertThat(fs.paths().stat("/n3", true).nlink()).isEqualTo(2);
    assertThat(fs.paths().getXattr("/n4", NAME, true)).isEqualTo(bytes(3, 7));
    assertThat(fs.paths().stat("/n5", true).mode()).isEqualTo(0100600);
    assertThat(fs.paths().readlink("/s")).hasSize(82);
    for (int i = 0; i < FILES; i++) {
      try (OpenFile file = fs.open("/n" + i, 2, 0)) {
        assertThat(file.stat().size()).isEqualTo(P + i);
        byte[] found = new byte[P + i];
        assertThat(file.pread(0, found)).isEqualTo(P + i);
        assertThat(found).isEqualTo(bytes(P + i, i));
        file.pwrite(P + i, bytes(P, i));
      }
    }
  }

  @Test
  void whatTheMediumLacksStays() throws Exception {
    makeFiles();
    for (int i = 0; i < 2 * LIMIT; i++) {
      fs.paths().mknod("/more" + i, 0100644, 0, 0);
    }
    assertThat(filesThatWereAway()).isZero();
  }

  @Test
  void openMappedAndUnlinkedFilesStay() throws Exception {
    f.pwrite(0, bytes(P, 1));
    OpenFile unlinked = fs.open("/u", O_RDWR_CREAT, 0644);
    unlinked.pwrite(0, bytes(P, 2));
    fs.unlink("/u");
    makeFiles();
    syncAndCrowd();
    assertThat(wasAway("/f")).isFalse();
    assertThat(read(unlinked, 0)).isEqualTo((byte) 2);
    unlinked.close();
  }

  /**
   * An inode is read; before it is in memory, another task has it there, changes it, and it leaves
   * again. What was read first is old then.
   */
  @Test
  void whatWasReadBeforeAnotherTaskChangedItIsReadAgain() throws Exception {
    makeFiles();
    syncAndCrowd();
    assertThat(wasAway("/n0")).isTrue();
    lookAtFiles();
    interruption.set(() -> {
      fs.paths().chmod("/n0", 0600);
      fs.sync();
      lookAtFiles();
      lookAtFiles();
    });
    assertThat(fs.paths().stat("/n0", false).mode()).isEqualTo(0100600);
    assertThat(interruption.get()).isNull();
  }
}
