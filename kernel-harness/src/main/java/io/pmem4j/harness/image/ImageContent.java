// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The file system of an image in memory: its pages that are not all zeros. Immutable, and
 * independent of the file, which the next program reuses.
 */
public final class ImageContent {
  /** Bytes of a page, the unit in which content is kept. */
  public static final int PAGE_BYTES = 4096;

  private static final byte[] ZEROS = new byte[PAGE_BYTES];

  /** By number from the start of the file system. */
  private final Map<Integer, byte[]> pages;

  private ImageContent(Map<Integer, byte[]> pages) {
    this.pages = pages;
  }

  /** Reads an image. */
  public static ImageContent of(FsImage image) throws IOException {
    Map<Integer, byte[]> pages = new HashMap<>();
    try (FileChannel file = FileChannel.open(image.path(), StandardOpenOption.READ)) {
      forEachPage(
          image,
          file,
          (page, bytes) -> {
            if (!Arrays.equals(bytes, ZEROS)) {
              pages.put(page, bytes.clone());
            }
          });
    }
    return new ImageContent(pages);
  }

  /** Returns this content with other pages in the place of some. */
  public ImageContent with(Map<Integer, byte[]> others) {
    Map<Integer, byte[]> all = new HashMap<>(pages);
    all.putAll(others);
    return new ImageContent(all);
  }

  /**
   * Writes this content to an image. Only pages that differ are written, and pages that are still
   * holes of the file are not even read.
   *
   * @return how many pages were written
   */
  public int writeTo(FsImage image) throws IOException {
    int[] written = {0};
    Set<Integer> missing = new TreeSet<>(pages.keySet());
    try (FileChannel file =
        FileChannel.open(image.path(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      forEachPage(
          image,
          file,
          (page, bytes) -> {
            missing.remove(page);
            byte[] wanted = page(page);
            if (!Arrays.equals(bytes, wanted)) {
              FsImage.write(file, page, wanted);
              written[0]++;
            }
          });
      for (int page : missing) {
        FsImage.write(file, page, page(page));
        written[0]++;
      }
    }
    return written[0];
  }

  /** A function of a page; the array is reused for the next page. */
  private interface PageVisitor {
    void visit(int page, byte[] bytes) throws IOException;
  }

  private static void forEachPage(FsImage image, FileChannel file, PageVisitor visitor)
      throws IOException {
    byte[] bytes = new byte[PAGE_BYTES];
    ByteBuffer chunk = ByteBuffer.allocateDirect(64 * PAGE_BYTES);
    for (SparseRanges.Range range : SparseRanges.of(image.path())) {
      // Data may begin or end in the middle of a page where the file system's blocks are smaller.
      long at = Math.max(range.offset(), FsImage.OFFSET_BYTES) & -PAGE_BYTES;
      while (at < range.end()) {
        chunk.clear().limit((int) Math.min(chunk.capacity(), roundUp(range.end()) - at));
        while (chunk.hasRemaining() && file.read(chunk, at + chunk.position()) > 0) {}
        chunk.flip();
        for (; chunk.remaining() >= PAGE_BYTES; at += PAGE_BYTES) {
          chunk.get(bytes);
          visitor.visit((int) ((at - FsImage.OFFSET_BYTES) / PAGE_BYTES), bytes);
        }
        if (chunk.hasRemaining()) {
          throw new IOException(image.path() + " does not end with a whole page");
        }
      }
    }
  }

  private static long roundUp(long length) {
    return (length + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  private byte[] page(int page) {
    return pages.getOrDefault(page, ZEROS);
  }

  /** A page, read-only; zeros where there is nothing. */
  public ByteBuffer get(int page) {
    return ByteBuffer.wrap(page(page)).asReadOnlyBuffer();
  }

  /** The pages in which two contents differ, ascending. */
  public Set<Integer> differences(ImageContent other) {
    Set<Integer> different = new TreeSet<>();
    for (int page : pages.keySet()) {
      if (!Arrays.equals(page(page), other.page(page))) {
        different.add(page);
      }
    }
    for (int page : other.pages.keySet()) {
      if (!pages.containsKey(page)) {
        different.add(page);
      }
    }
    return different;
  }
}
