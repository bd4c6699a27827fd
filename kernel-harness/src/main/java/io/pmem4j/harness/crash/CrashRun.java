// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A mounted file system under recording, and the promises that it has made. */
final class CrashRun {
  static final int PAGE = 4096;

  /** The name of the acknowledgement that counts promises. */
  static final String PROMISES = "promises";

  private static final int O_RDWR_CREAT = 0102;
  private static final int MODE = 0644;

  private final Ext2FileSystem fs;
  private final @Nullable RecordedMemory recorded;
  private final List<Promise> promises;
  private final String acknowledgement;

  /**
   * A file that was synced, or is about to change.
   *
   * @param path the path of the file
   * @param held what a crash cannot take away; null from where it may change on
   */
  record Promise(String path, @Nullable Held held) {}

  /**
   * Content of a file after a crash.
   *
   * @param content its bytes
   * @param before the bytes that it may have in their place, each by itself
   * @param least the number of bytes that are durable; those behind it may be missing, from any one
   *     on
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  record Held(byte[] content, byte[] before, int least) {
    /** Returns true if bytes that were found may be the first ones of the file. */
    boolean allows(byte[] found, int length) {
      for (int i = 0; i < length; i++) {
        if (found[i] != content[i] && found[i] != before[i]) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Creates a run.
   *
   * @param recorded the memory that records; null while the image is prepared
   * @param promises gets the promises
   */
  CrashRun(Ext2FileSystem fs, @Nullable RecordedMemory recorded, List<Promise> promises) {
    this(fs, recorded, promises, PROMISES);
  }

  /**
   * Creates the run of a task.
   *
   * @param acknowledgement the name of the acknowledgement that counts its promises
   */
  CrashRun(
      Ext2FileSystem fs,
      @Nullable RecordedMemory recorded,
      List<Promise> promises,
      String acknowledgement) {
    this.fs = fs;
    this.recorded = recorded;
    this.promises = promises;
    this.acknowledgement = acknowledgement;
  }

  /** Returns the file system. */
  Ext2FileSystem fs() {
    return fs;
  }

  /** Opens a file, or creates it. */
  OpenFile open(String path) throws Ext2Exception {
    return fs.open(path, O_RDWR_CREAT, MODE);
  }

  /** Creates a file with some bytes. */
  void create(String path, int bytes, int value) throws Ext2Exception {
    try (OpenFile file = open(path)) {
      if (bytes > 0) {
        file.pwrite(0, content(bytes, value));
      }
    }
  }

  /** Returns an array of equal bytes. */
  static byte[] content(int bytes, int value) {
    byte[] content = new byte[bytes];
    Arrays.fill(content, (byte) value);
    return content;
  }

  /** Makes a file and the names of its path durable, and records the promise of its content. */
  void sync(String path) throws Ext2Exception {
    byte[] content;
    try (OpenFile file = open(path)) {
      content = contentOf(file);
      file.fsync();
    }
    for (int at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
      try (OpenFile directory = fs.open(at == 0 ? "/" : path.substring(0, at), 0, 0)) {
        directory.fsync();
      }
    }
    add(new Promise(path, new Held(content, content, content.length)));
  }

  /** Appends to a file, which has a part of the new content, or all, from now on. */
  void append(String path, int bytes, int value) throws Ext2Exception {
    try (OpenFile file = open(path)) {
      byte[] old = contentOf(file);
      byte[] grown = Arrays.copyOf(old, old.length + bytes);
      Arrays.fill(grown, old.length, grown.length, (byte) value);
      add(new Promise(path, new Held(grown, grown, old.length)));
      file.pwrite(old.length, content(bytes, value));
    }
  }

  /**
   * Writes inside a file that was synced. From now on each byte of the place has its old value or
   * the new one: neither a hole nor a new block shows what their block held before.
   */
  void overwrite(String path, int position, int bytes, int value) throws Ext2Exception {
    try (OpenFile file = open(path)) {
      byte[] old = contentOf(file);
      byte[] changed = old.clone();
      Arrays.fill(changed, position, position + bytes, (byte) value);
      add(new Promise(path, new Held(changed, old, old.length)));
      file.pwrite(position, content(bytes, value));
    }
  }

  private static byte[] contentOf(OpenFile file) throws Ext2Exception {
    byte[] content = new byte[Math.toIntExact(file.stat().size())];
    file.pread(0, content);
    return content;
  }

  /** Takes the promise about a file back: the next operations may change it. */
  void changing(String path) {
    add(new Promise(path, null));
  }

  private void add(Promise promise) {
    promises.add(promise);
    if (recorded != null) {
      recorded.acknowledge(acknowledgement, promises.size());
    }
  }

  /** Returns the promises that hold after a number of them. */
  static Map<String, Held> holding(List<Promise> promises, long count) {
    Map<String, Held> holding = new LinkedHashMap<>();
    for (Promise each : promises.subList(0, Math.toIntExact(count))) {
      Held held = each.held();
      if (held == null) {
        holding.remove(each.path());
      } else {
        holding.put(each.path(), held);
      }
    }
    return holding;
  }
}
