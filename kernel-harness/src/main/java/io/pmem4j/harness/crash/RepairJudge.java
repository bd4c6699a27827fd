// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The judgement of crash states by e2fsck. Equal images are judged once, and of each workload a
 * number of distinct ones: those at the beginning, and then each whose number is a power of two
 * apart, so that late points of a crash are among them. In the ordered mode {@code e2fsck -fn}
 * finds only what is on the list; in the order of Linux {@code e2fsck -fy} repairs the image, and
 * the promises hold afterwards.
 */
final class RepairJudge implements AutoCloseable {
  private static final int BLOCKS = 256;

  private final CrashOrder order;
  private final int limit;
  private final WorkDirectory directory = new WorkDirectory();
  private final Path scratch = directory.path().resolve("crashed");
  private final byte[] empty;
  private final Set<String> seen = new HashSet<>();

  /** The reason against each image that was found broken: it is broken at each judgement. */
  private final Map<String, String> broken = new HashMap<>();

  private final MessageDigest digest;
  private int images;
  private long stride = 1;
  private long offered;
  private long nanos;

  RepairJudge(CrashOrder order, int limit) throws IOException {
    this.order = order;
    this.limit = limit;
    this.empty = used();
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns a new file system in whose free blocks is what their last owners have left. */
  private byte[] used() throws IOException {
    Mke2fs.makePlain(scratch, BLOCKS);
    byte[] image = Files.readAllBytes(scratch);
    HeapMemory memory = new HeapMemory(image.length);
    memory.copy(0, image, 0, image.length);
    try {
      StaleBlocks.fill(memory, _ -> true);
    } catch (Ext2Exception e) {
      throw new IOException("mke2fs made no ext2 that can be mounted: " + e.getMessage(), e);
    }
    memory.read(0, image);
    return image;
  }

  /** Returns the image that all workloads begin with. */
  byte[] emptyImage() {
    return empty;
  }

  /** Begins a workload. */
  void begin() {
    seen.clear();
    broken.clear();
    images = 0;
    stride = 1;
    offered = 0;
    nanos = 0;
  }

  /** Returns the number of images that e2fsck has judged since {@link #begin}. */
  int images() {
    return images;
  }

  /** Returns the time that judging has taken since {@link #begin}. */
  long nanos() {
    return nanos;
  }

  /**
   * Offers a state.
   *
   * @param holding the content that files have for certain, by path
   */
  void judge(PersistentMemory state, Map<String, CrashRun.Held> holding) throws Exception {
    boolean due = images < limit && offered++ % stride == 0;
    if (!due && broken.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    try {
      byte[] image = new byte[empty.length];
      state.read(0, image);
      String name = HexFormat.of().formatHex(digest.digest(image));
      if (due && seen.add(name)) {
        images++;
        if (images % 16 == 0) {
          stride *= 2;
        }
        complaint(image, holding).ifPresent(reason -> broken.put(name, reason));
      }
      String reason = broken.get(name);
      if (reason != null) {
        throw new IllegalStateException(reason);
      }
    } finally {
      nanos += System.nanoTime() - start;
    }
  }

  /** Returns the reason why an image is broken. */
  private Optional<String> complaint(byte[] image, Map<String, CrashRun.Held> holding)
      throws Exception {
    Files.write(scratch, image);
    if (order == CrashOrder.ORDERED) {
      List<String> unlisted = E2fsckFindings.of(E2fsck.check(scratch)).unlisted();
      return unlisted.isEmpty() ? Optional.empty() : Optional.of("e2fsck -fn: " + unlisted);
    }
    String left = E2fsck.repair(scratch).left();
    if (!left.isEmpty()) {
      return Optional.of(left);
    }
    HeapMemory repaired = new HeapMemory(image.length);
    repaired.copy(0, Files.readAllBytes(scratch), 0, image.length);
    try {
      VolumeJudge.requirePromises(
          VolumeJudge.mount(repaired, order, Scheduler.production()), order, holding);
      return Optional.empty();
    } catch (Ext2Exception | IllegalStateException e) {
      return Optional.of("after e2fsck -fy: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
