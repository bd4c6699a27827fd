// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.harness.backend.PromisedFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The regular files of the mounted file system, as the model reads them. */
public final class ModelFiles {
  private static final int O_DIRECTORY = 0200000;
  private static final int REGULAR = 8;
  private static final int DIRECTORY = 4;
  private static final int MOST_ENTRIES = 1024;

  private ModelFiles() {}

  /**
   * Returns the content of each regular file, by its path. A file that cannot be read is left out,
   * as is a directory.
   */
  static Map<String, byte[]> of(Ext2FileSystem fs) {
    Map<String, byte[]> files = new TreeMap<>();
    List<String> directories = new ArrayList<>(List.of("/"));
    for (int next = 0; next < directories.size(); next++) {
      String directory = directories.get(next);
      for (DirectoryEntry entry : entries(fs, directory)) {
        String name = entry.name();
        String path = (directory.equals("/") ? "" : directory) + "/" + name;
        if (entry.type() == REGULAR) {
          read(fs, path, files);
        } else if (entry.type() == DIRECTORY && !name.equals(".") && !name.equals("..")) {
          directories.add(path);
        }
      }
    }
    return files;
  }

  /** Returns the content of those files of the paths that are there and can be read. */
  public static Map<String, byte[]> of(Ext2FileSystem fs, List<String> paths) {
    Map<String, byte[]> files = new TreeMap<>();
    for (String path : paths) {
      read(fs, path, files);
    }
    return files;
  }

  private static List<DirectoryEntry> entries(Ext2FileSystem fs, String path) {
    List<DirectoryEntry> entries = new ArrayList<>();
    try (OpenFile directory = fs.open(path, O_DIRECTORY, 0)) {
      List<DirectoryEntry> piece = directory.readDirectory(0, MOST_ENTRIES);
      while (!piece.isEmpty()) {
        entries.addAll(piece);
        piece = directory.readDirectory(piece.getLast().next(), MOST_ENTRIES);
      }
    } catch (Ext2Exception e) {
      // Damage is not this method's to judge.
    }
    return entries;
  }

  private static void read(Ext2FileSystem fs, String path, Map<String, byte[]> files) {
    try (OpenFile file = fs.open(path, 0, 0)) {
      byte[] content = new byte[(int) Math.min(file.stat().size(), PromisedFiles.MAX_BYTES)];
      if (file.pread(0, content) == content.length) { // an error in a later block makes it shorter
        files.put(path, content);
      }
    } catch (Ext2Exception e) {
      // As above.
    }
  }
}
