// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.Mke2fs;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A copy of an image for e2fsck, which checks and repairs it while a machine has the image itself
 * mounted. Used by one thread at a time.
 */
final class RepairBench implements AutoCloseable {
  private final ImageContent base;
  private final FsImage copy;
  private final FileChannel file;

  /** The pages in which the copy may differ from the base. */
  private Map<Integer, byte[]> present = Map.of();

  /**
   * Makes the copy.
   *
   * @param base the content that all images change
   */
  RepairBench(Path path, ImageContent base) throws IOException {
    this.base = base;
    copy = Mke2fs.allocate(path);
    base.writeTo(copy);
    file = FileChannel.open(path, StandardOpenOption.WRITE);
  }

  /**
   * The findings of e2fsck in an image.
   *
   * @param complaint what it printed; empty if it found nothing wrong
   * @param left the errors that a repair leaves; empty if there are none
   * @param repaired the pages in which the repaired image differs from the base
   */
  record Examined(String complaint, String left, Map<Integer, byte[]> repaired) {}

  /**
   * Repairs an image.
   *
   * @param image the pages in which it differs from the base
   */
  Examined repair(Map<Integer, byte[]> image) throws IOException {
    put(image);
    return repaired(image);
  }

  /** Checks an image without changing it, and repairs it if there is a complaint. */
  Examined checkAndRepair(Map<Integer, byte[]> image) throws IOException {
    put(image);
    String complaint = E2fsck.check(copy);
    if (complaint.isEmpty()) {
      return new Examined("", "", image);
    }
    Examined repaired = repaired(image);
    return new Examined(complaint, repaired.left(), repaired.repaired());
  }

  private Examined repaired(Map<Integer, byte[]> image) throws IOException {
    E2fsck.Repair repair = E2fsck.repair(copy);
    if (repair.output().isEmpty()) {
      return new Examined("", "", image);
    }
    Map<Integer, byte[]> changes = changes();
    boolean marked = E2fsckKinds.of(repair.output()).isEmpty() && repair.left().isEmpty();
    // Marking the file system as clean is no complaint.
    return marked && isEqualButForTheSuperblock(image, changes)
        ? new Examined("", "", image)
        : new Examined(repair.output(), repair.left(), changes);
  }

  private boolean isEqualButForTheSuperblock(
      Map<Integer, byte[]> image, Map<Integer, byte[]> changes) {
    return differences(image, changes).stream().allMatch(page -> page == 0);
  }

  /** Returns the pages in which two images differ. */
  Set<Integer> differences(Map<Integer, byte[]> one, Map<Integer, byte[]> other) {
    Set<Integer> pages = new TreeSet<>(one.keySet());
    pages.addAll(other.keySet());
    pages.removeIf(page -> Arrays.equals(page(one, page), page(other, page)));
    return pages;
  }

  /** Returns a page of an image. */
  byte[] page(Map<Integer, byte[]> image, int page) {
    byte[] changed = image.get(page);
    return changed == null ? bytes(base, page) : changed;
  }

  /** Puts an image in the place of the one before. */
  private void put(Map<Integer, byte[]> image) throws IOException {
    for (int page : differences(present, image)) {
      FsImage.write(file, page, page(image, page));
    }
    present = image;
  }

  /** Returns the pages in which the copy differs from the base, whatever e2fsck has stored. */
  private Map<Integer, byte[]> changes() throws IOException {
    ImageContent now = ImageContent.of(copy);
    Map<Integer, byte[]> changes = new HashMap<>();
    for (int page : base.differences(now)) {
      changes.put(page, bytes(now, page));
    }
    present = changes;
    return changes;
  }

  private static byte[] bytes(ImageContent content, int page) {
    byte[] bytes = new byte[ImageContent.PAGE_BYTES];
    content.get(page).get(bytes);
    return bytes;
  }

  @Override
  public void close() throws IOException {
    file.close();
    Files.deleteIfExists(copy.path());
  }
}
