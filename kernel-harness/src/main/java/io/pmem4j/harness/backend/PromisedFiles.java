// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files that a power cut must not lose, with the content that each may have. A file is promised
 * from its sync on. What is stored later may be there or not, byte by byte; its length may be any
 * between the least and the greatest since. Source: fsync(2), and {@code fs/ext2/file.c}, which
 * orders nothing else.
 *
 * @param versions by path: the content at the sync, and each that the file has had since
 * @param names the paths whose own directory entries are synced; other files e2fsck may move
 */
public record PromisedFiles(Map<String, List<byte[]>> versions, Set<String> names) {
  /** Longer files are read and compared up to here, in bytes. */
  public static final int MAX_BYTES = 256 << 10;

  /** Copies the collections. */
  public PromisedFiles {
    Map<String, List<byte[]>> copy = new HashMap<>();
    versions.forEach((path, contents) -> copy.put(path, new ArrayList<>(contents)));
    versions = copy;
    names = new TreeSet<>(names);
  }

  /** Returns the promises about a file system that is mounted: all of it is durable. */
  public static PromisedFiles all(Map<String, byte[]> files) {
    Map<String, List<byte[]>> versions = new HashMap<>();
    files.forEach((path, content) -> versions.put(path, List.of(content)));
    Set<String> names = new TreeSet<>();
    for (String path : files.keySet()) {
      for (int end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
        names.add(path.substring(0, end));
      }
    }
    return new PromisedFiles(versions, names);
  }

  /** Returns a copy that changes on its own. */
  PromisedFiles copy() {
    return new PromisedFiles(versions, names);
  }

  /** Takes the promises of a path and of all below it back. */
  void forget(String path) {
    versions.keySet().removeIf(each -> isAtOrBelow(each, path));
    names.removeIf(each -> isAtOrBelow(each, path));
  }

  private static boolean isAtOrBelow(String each, String path) {
    return each.equals(path) || each.startsWith(path + "/");
  }

  /** Records that the files have this content now. */
  void seen(Map<String, byte[]> files) {
    for (Map.Entry<String, List<byte[]>> each : versions.entrySet()) {
      byte[] now = files.get(each.getKey());
      if (now != null && !Arrays.equals(now, each.getValue().getLast())) {
        each.getValue().add(now);
      }
    }
    versions.keySet().retainAll(files.keySet());
  }

  /** Records the content of a file that was not there before. */
  void begin(String path, byte[] content) {
    versions.computeIfAbsent(path, _ -> new ArrayList<>(List.of(content)));
  }

  /**
   * Records that the length of a file and a part of its content are durable.
   *
   * @param content all of it now
   * @param from the first byte of the part
   * @param end the byte behind the part
   * @param had the contents that an unpromised file has had, any of which its other bytes may have
   */
  void promise(String path, byte[] content, long from, long end, List<byte[]> had) {
    int first = (int) Math.min(from, content.length);
    int length = (int) Math.min(end, content.length) - first;
    List<byte[]> allowed = new ArrayList<>();
    for (byte[] each : versions.getOrDefault(path, had)) {
      byte[] version = Arrays.copyOf(each, content.length);
      System.arraycopy(content, first, version, first, length);
      if (allowed.isEmpty() || !Arrays.equals(version, allowed.getLast())) {
        allowed.add(version);
      }
    }
    if (allowed.isEmpty() || !Arrays.equals(content, allowed.getLast())) {
      allowed.add(content);
    }
    versions.put(path, allowed);
  }

  /** Records that the content of a file is durable. */
  void promise(String path, byte[] content) {
    versions.put(path, new ArrayList<>(List.of(content)));
  }

  /**
   * Records that the entries of a directory are durable.
   *
   * @param paths files and directories, of any directory
   */
  void promiseNames(String directory, Set<String> paths) {
    String prefix = directory.equals("/") ? "/" : directory + "/";
    for (String path : paths) {
      if (path.startsWith(prefix) && path.indexOf('/', prefix.length()) < 0) {
        names.add(path);
      }
    }
  }

  /**
   * Judges the files that are there after a power cut.
   *
   * @param found the files by path
   * @return the first broken promise in words; empty if all are kept
   */
  public Optional<String> broken(Map<String, byte[]> found) {
    return broken(found, 0);
  }

  /**
   * Judges as {@link #broken(Map)}, but for blocks that a file may have got since its sync.
   *
   * @param blockBytes of a block of the file system; 0: new blocks are judged too
   */
  public Optional<String> broken(Map<String, byte[]> found, int blockBytes) {
    for (Map.Entry<String, List<byte[]>> each : versions.entrySet()) {
      String path = each.getKey();
      byte[] content = found.get(path);
      Optional<String> reason =
          content == null
              ? Optional.of("is gone; its name was synced").filter(_ -> isNamed(path))
              : differs(each.getValue(), content, blockBytes);
      if (reason.isPresent()) {
        return Optional.of(path + " " + reason.get());
      }
    }
    return Optional.empty();
  }

  private boolean isNamed(String path) {
    for (int end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (!names.contains(path.substring(0, end))) {
        return false;
      }
    }
    return true;
  }

  private static Optional<String> differs(List<byte[]> allowed, byte[] found, int blockBytes) {
    int least = allowed.stream().mapToInt(each -> each.length).min().orElse(0);
    int most = allowed.stream().mapToInt(each -> each.length).max().orElse(0);
    if (found.length < least || found.length > most) {
      return Optional.of(
          "has %d bytes, expected %s since its sync"
              .formatted(found.length, least == most ? "" + least : least + " to " + most));
    }
    int promised = Math.min(found.length, shrunk(allowed));
    for (int i = 0; i < promised; i++) {
      if (!isAllowed(allowed, i, found[i]) && !isInNewBlock(allowed, i, blockBytes)) {
        return Optional.of(
            "has %02x at byte %d, expected %02x as synced, or stored since"
                .formatted(found[i], i, i < allowed.getFirst().length ? allowed.getFirst()[i] : 0));
      }
    }
    return Optional.empty();
  }

  /**
   * Returns the shortest size that a truncation since the sync has left. A block that it freed may
   * be another file's before the truncation is durable.
   */
  private static int shrunk(List<byte[]> versions) {
    int shortest = Integer.MAX_VALUE;
    for (int i = 1; i < versions.size(); i++) {
      if (versions.get(i).length < versions.get(i - 1).length) {
        shortest = Math.min(shortest, versions.get(i).length);
      }
    }
    return shortest;
  }

  /** Returns true if a block may have been a hole at the sync, and was stored to since. */
  private static boolean isInNewBlock(List<byte[]> allowed, int at, int blockBytes) {
    if (blockBytes == 0) {
      return false;
    }
    byte[] synced = block(allowed.getFirst(), at, blockBytes);
    return Arrays.equals(synced, new byte[blockBytes])
        && allowed.stream()
            .anyMatch(version -> !Arrays.equals(block(version, at, blockBytes), synced));
  }

  private static byte[] block(byte[] content, int at, int blockBytes) {
    byte[] block = new byte[blockBytes];
    int from = at / blockBytes * blockBytes;
    if (from < content.length) {
      System.arraycopy(content, from, block, 0, Math.min(blockBytes, content.length - from));
    }
    return block;
  }

  private static boolean isAllowed(List<byte[]> allowed, int at, byte found) {
    for (byte[] version : allowed) {
      if (found == (at < version.length ? version[at] : 0)) {
        return true;
      }
    }
    return false;
  }
}
