// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.store.fs.FilePath;

/**
 * Commits to an MVStore until it is killed. Argument: the file. Prints {@code acknowledged N} after
 * commit N is synced.
 */
final class H2Kill {
  private H2Kill() {}

  public static void main(String[] arguments) {
    FilePath.register(new H2FilePath());
    MVStore store = open(arguments[0]);
    MVMap<Long, String> map = store.openMap("entries");
    for (long n = map.isEmpty() ? 1 : map.lastKey() + 1; ; n++) {
      map.put(n, value(n));
      if (n % 3 == 0) {
        map.remove(n / 2);
      }
      store.commit();
      store.sync();
      System.out.println("acknowledged " + n);
    }
  }

  static MVStore open(String file) {
    return new MVStore.Builder().fileName("pmem:" + file).autoCommitDisabled().open();
  }

  static String value(long n) {
    return (n + " ").repeat((int) (n % 200));
  }
}
