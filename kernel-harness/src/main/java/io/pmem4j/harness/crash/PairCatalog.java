// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static io.pmem4j.harness.crash.CrashRun.PAGE;
import static io.pmem4j.harness.crash.CrashRun.content;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.OpenFile;
import java.util.List;
import java.util.Optional;

/**
 * The pairs of {@code ./pmem4j crash}. In each one a task takes what the other gives back or is
 * about to give back: a place in a directory, a block, an inode, a link; or both change one block.
 */
public final class PairCatalog {
  private static final int MODE = 0755;
  private static final int DIRECT = 12;

  private static final List<CrashPair> ALL =
      List.of(
          new CrashPair(
              "pair-create-create",
              _ -> {},
              run -> {
                run.create("/f", PAGE, 1);
                run.sync("/f");
              },
              run -> {
                run.create("/g", 10, 2);
                run.sync("/g");
              }),
          new CrashPair(
              "pair-unlink-create",
              PairCatalog::twoFiles,
              run -> run.fs().unlink("/first"),
              run -> {
                run.create("/third", PAGE, 3);
                run.sync("/third");
              }),
          new CrashPair(
              "pair-unlink-unlink",
              PairCatalog::twoFiles,
              run -> run.fs().unlink("/first"),
              run -> run.fs().unlink("/second")),
          new CrashPair(
              "pair-truncate-write",
              run -> {
                run.create("/f", (DIRECT + 2) * PAGE, 1);
                run.create("/g", 0, 0);
              },
              run -> {
                try (OpenFile file = run.open("/f")) {
                  file.truncate(PAGE + 100);
                }
                run.sync("/f");
              },
              run -> {
                run.create("/g", 2 * PAGE, 4);
                run.sync("/g");
              }),
          new CrashPair(
              "pair-append-sync",
              run -> run.create("/f", 100, 1),
              run -> {
                try (OpenFile file = run.open("/f")) {
                  file.pwrite(100, content(PAGE, 2));
                }
                run.sync("/f");
              },
              run -> run.fs().sync()),
          new CrashPair(
              "pair-link-unlink",
              run -> {
                run.create("/f", PAGE, 1);
                run.fs().paths().link("/f", "/e");
              },
              run -> {
                run.fs().paths().link("/e", "/g");
                run.sync("/g");
              },
              run -> run.fs().unlink("/f")),
          new CrashPair(
              "pair-rename-create",
              run -> run.create("/f", PAGE, 1),
              run -> {
                run.fs().paths().rename("/f", "/g", 0);
                run.sync("/g");
              },
              run -> {
                run.create("/h", 10, 3);
                run.sync("/h");
              }),
          new CrashPair(
              "pair-rmdir-mkdir",
              run -> run.fs().paths().mkdir("/d", MODE),
              run -> run.fs().paths().rmdir("/d"),
              run -> {
                run.fs().paths().mkdir("/e", MODE);
                run.create("/e/f", 10, 1);
                run.sync("/e/f");
              }),
          new CrashPair(
              "pair-append-write-out",
              // The pointer of the new block lies in another line of the inode than the size.
              run -> run.create("/f", 6 * PAGE, 1),
              run -> {
                run.append("/f", PAGE, 2);
                run.sync("/f");
              },
              run -> {
                run.fs().paths().chmod("/f", MODE);
                run.fs().sync();
              }),
          new CrashPair(
              "pair-truncate-write-out",
              run -> run.create("/f", (DIRECT + 2) * PAGE, 1),
              run -> {
                try (OpenFile file = run.open("/f")) {
                  file.truncate(PAGE + 100);
                }
                run.sync("/f");
              },
              run -> {
                run.fs().paths().chmod("/f", MODE);
                run.fs().sync();
              }),
          new CrashPair(
              "pair-mkdir-sync",
              _ -> {},
              run -> {
                run.fs().paths().mkdir("/d", MODE);
                run.create("/d/f", 10, 1);
                run.sync("/d/f");
              },
              run -> run.fs().sync()),
          new CrashPair(
              "pair-shared-xattr",
              run -> {
                run.create("/f", 10, 1);
                run.create("/g", 10, 2);
                XattrWorkloads.set(run, "/f", "user.x", "1");
              },
              run -> {
                XattrWorkloads.set(run, "/g", "user.x", "1");
                run.sync("/g");
              },
              run -> {
                XattrWorkloads.set(run, "/f", "user.x", "2");
                run.sync("/f");
              }),
          new CrashPair(
              "pair-sync-reuse",
              run -> {
                run.create("/first", 0, 0);
                run.create("/second", PAGE, 1);
              },
              run -> {
                changeMode(run, "/second");
                changeMode(run, "/first");
                run.fs().sync();
              },
              run -> {
                run.fs().unlink("/second");
                run.create("/third", PAGE, 3);
                run.sync("/third");
              }));

  private PairCatalog() {}

  /** Returns all pairs. */
  public static List<CrashPair> all() {
    return ALL;
  }

  /** Returns the pair of a name. */
  public static Optional<CrashPair> find(String name) {
    return ALL.stream().filter(each -> each.name().equals(name)).findFirst();
  }

  private static void twoFiles(CrashRun run) throws Exception {
    run.create("/first", PAGE, 1);
    run.create("/second", 0, 0);
  }

  /** Makes an inode dirty, unless the other task has removed it. */
  private static void changeMode(CrashRun run, String path) throws Ext2Exception {
    try {
      run.fs().paths().chmod(path, MODE);
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
