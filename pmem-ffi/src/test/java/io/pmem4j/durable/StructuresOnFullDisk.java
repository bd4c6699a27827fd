// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static io.pmem4j.durable.DurableMapTest.key;

import io.pmem4j.durable.Subject.Opened;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes each structure, and lets a map grow, on a disk that another file fills. Arguments: folder.
 */
final class StructuresOnFullDisk {
  private StructuresOnFullDisk() {}

  private static Path fill(Path folder) throws IOException {
    Path filler = folder.resolve("filler");
    try (var out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException full) {
      System.out.println("filled: " + full.getMessage());
    }
    return filler;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path map = folder.resolve("map");
    try (DurableMap grows = DurableMap.openOrCreate(map, 64 << 10)) {
      grows.put(key(0), key(0));
      Path filler = fill(folder);
      for (Subject subject : Subject.values()) {
        Path path = folder.resolve("new");
        String outcome =
            BadInputTest.outcome(() -> {
              try (Opened opened = subject.open(path)) {
                opened.add(1);
              }
            });
        System.out.println(subject.title + ": " + outcome + ", left behind: " + Files.exists(path));
      }
      grow(grows);
      Files.delete(filler);
      grows.put(key(1), new byte[100_000]);
      System.out.println("with room again: " + grows.get(key(1)).length);
    }
    try (DurableMap again = DurableMap.open(map)) {
      System.out.println("after a restart: " + again.size() + ", " + (again.check() > 0));
    }
  }

  /** Puts until the map is full, and removes a key in it. */
  private static void grow(DurableMap map) {
    int count = 1;
    try {
      while (true) {
        map.put(key(1000 + count), new byte[900]);
        count++;
      }
    } catch (MapFullException full) {
      boolean told = full.getCause() instanceof FileSystemException;
      System.out.println("map: " + full.getMessage() + ", told by the disk: " + told);
    }
    System.out.println("keys: " + (map.size() == count) + ", " + (map.get(key(0)) != null));
    for (int i = 1; i < count; i++) {
      map.remove(key(1000 + i));
    }
    System.out.println("removed: " + map.size());
  }
}
