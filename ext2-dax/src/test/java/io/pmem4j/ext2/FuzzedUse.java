// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;

/** The calls that a fuzzed image is tried with: a walk that reads all, and changes by number. */
final class FuzzedUse {
  private static final int MOST_ENTRIES = 50;
  private static final int MOST_DEPTH = 6;
  private static final byte[] LITTLE = new byte[700];
  private static final byte[] MUCH = new byte[14_000];
  private static final byte[] NAME = "user.a".getBytes(ISO_8859_1);
  private static final byte[] OTHER_NAME = "trusted.other".getBytes(ISO_8859_1);

  private final FuzzedImage image;
  private final Attempts attempts;
  private final byte[] head = new byte[5000];
  private final byte[] tail = new byte[100];
  private final List<Change> changes;
  private final BitSet seen = new BitSet();
  private boolean directory;

  FuzzedUse(FuzzedImage image, Attempts attempts) {
    this.image = image;
    this.attempts = attempts;
    this.changes = changes();
  }

  private interface Change {
    void on(Ext2FileSystem fs, PathOperations paths) throws Ext2Exception;
  }

  /** The bit of the change that makes a read-only mount writable. */
  static final int REMOUNT = 1 << 22;

  /** Returns the changes, each of which is tried if its bit is set. */
  private List<Change> changes() {
    return List.of(
        (fs, paths) -> paths.mkdir("/made", 0755),
        (fs, paths) -> write(fs, "/made/file", 100, MUCH),
        (fs, paths) -> paths.link("/small", "/dir/deeper/other"),
        (fs, paths) -> paths.symlink("t".repeat(90), "/empty/slow"),
        (fs, paths) -> paths.rename("/small", "/dir/moved", 0),
        (fs, paths) -> paths.rename("/dir", "/empty/dir", 0),
        (fs, paths) -> paths.setXattr("/large", NAME, LITTLE, 0, true),
        (fs, paths) -> {
          attempts.of(() -> paths.setXattr("/small", NAME, NAME, 0, true));
          paths.removeXattr("/small", NAME, true);
        },
        (fs, paths) -> write(fs, "/large", 3000, MUCH),
        (fs, paths) -> write(fs, "/holes", image.reach(0) - 300, LITTLE),
        (fs, paths) -> write(fs, "/holes", image.reach(1) - 300, LITTLE),
        (fs, paths) -> write(fs, "/holes", image.reach(2) - 300, LITTLE),
        (fs, paths) -> truncate(fs, "/large", 3000),
        (fs, paths) -> truncate(fs, "/holes", image.reach(1) + 5000),
        (fs, paths) -> {
          attempts.of(() -> paths.chmod("/small", 0600));
          attempts.of(() -> paths.setFlags("/dir/inner", 0x30));
          paths.setTimes("/small", OptionalLong.of(1), OptionalLong.of(2));
        },
        (fs, paths) -> {
          attempts.of(fs::sync);
          attempts.of(fs::freeze);
          fs.thaw();
        },
        (fs, paths) -> paths.unlink("/small"),
        (fs, paths) -> paths.unlink("/large"),
        (fs, paths) -> paths.unlink("/holes"),
        (fs, paths) -> paths.unlink("/slow"),
        (fs, paths) -> paths.rmdir("/empty"),
        (fs, paths) -> {
          attempts.of(() -> paths.mkdir("/dir/new", 0700));
          attempts.of(() -> paths.mknod("/dir/new/node", 0020600, 1, 5));
          attempts.of(() -> paths.unlink("/dir/new/node"));
          paths.rmdir("/dir/new");
        },
        (fs, paths) -> {
          attempts.of(() -> fs.remount(MountOptions.parse("ro")));
          fs.remount(MountOptions.parse("noatime"));
        },
        (fs, paths) -> walk(fs, false));
  }

  /** Tries the changes whose bits are set. */
  void change(Ext2FileSystem fs, int bits) {
    PathOperations paths = fs.paths();
    for (int i = 0; i < changes.size(); i++) {
      Change change = changes.get(i);
      if ((bits >> i & 1) != 0) {
        attempts.of(() -> change.on(fs, paths));
      }
    }
  }

  private void write(Ext2FileSystem fs, String path, long at, byte[] what) throws Ext2Exception {
    try (OpenFile file = fs.open(path, 0102, 0644)) {
      attempts.of(() -> file.pwrite(at, what));
      attempts.of(file::fsync);
    }
  }

  private void truncate(Ext2FileSystem fs, String path, long size) throws Ext2Exception {
    try (OpenFile file = fs.open(path, 2, 0)) {
      attempts.of(() -> file.truncate(size));
      attempts.of(() -> file.truncate(size * 2));
    }
  }

  private record Place(String path, int depth) {}

  /**
   * Reads the entries that can be reached, and of each inode once the attributes and contents, up
   * to a bound.
   *
   * @param all whether extents are asked for too, and the entries "." and ".." looked at
   */
  void walk(Ext2FileSystem fs, boolean all) {
    Deque<Place> todo = new ArrayDeque<>(List.of(new Place("", 0)));
    seen.clear();
    int entries = 0;
    while (!todo.isEmpty() && entries < MOST_ENTRIES) {
      Place place = todo.removeFirst();
      for (DirectoryEntry entry : entries(fs, place.path + "/")) {
        entries++;
        String name = new String(entry.nameBytes(), ISO_8859_1);
        String path = place.path + "/" + name;
        boolean dots = name.equals(".") || name.equals("..");
        if (dots && !all) {
          continue;
        }
        directory = false;
        attempts.of(() -> look(fs, path, all));
        // Now and then what is no directory is read as one.
        if ((directory || entries % 8 == 0) && place.depth < MOST_DEPTH && !dots) {
          todo.add(new Place(path, place.depth + 1));
        }
      }
    }
  }

  private List<DirectoryEntry> entries(Ext2FileSystem fs, String path) {
    List<List<DirectoryEntry>> found = new ArrayList<>(1);
    attempts.of(() -> {
      try (OpenFile opened = fs.open(path, 0, 0)) {
        found.add(opened.readDirectory(0, MOST_ENTRIES));
      }
    });
    return found.isEmpty() ? List.of() : found.getFirst();
  }

  private void look(Ext2FileSystem fs, String path, boolean all) throws Ext2Exception {
    PathOperations paths = fs.paths();
    Stat stat = paths.stat(path, false);
    int type = stat.mode() & FileMode.TYPE_MASK;
    directory = type == FileMode.DIRECTORY;
    if (seen.get(stat.ino())) {
      return;
    }
    seen.set(stat.ino());
    if (type == FileMode.SYMLINK || stat.ino() % 8 == 0) {
      attempts.of(() -> paths.readlink(path));
    }
    attempts.of(() -> {
      for (byte[] name : paths.listXattr(path, false)) {
        attempts.of(() -> paths.getXattr(path, name, false));
      }
    });
    if (stat.ino() % 8 == 1) {
      attempts.of(() -> paths.getXattr(path, OTHER_NAME, false));
    }
    if (type == FileMode.REGULAR) {
      try (OpenFile file = fs.open(path, 0, 0)) {
        attempts.of(() -> file.pread(0, head));
        attempts.of(() -> file.pread(Math.max(stat.size() - 10, 0), tail));
        for (int i = 0; i < 3 && image.reach(i) < stat.size(); i++) {
          long edge = image.reach(i);
          attempts.of(() -> file.pread(edge - 50, tail));
        }
        if (all) {
          attempts.of(file::fiemap);
        }
      }
    }
  }
}
