// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static io.pmem4j.harness.crash.CrashRun.PAGE;
import static io.pmem4j.harness.crash.CrashRun.content;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The workloads of {@code ./pmem4j crash}. Together they run each operation of the model that
 * changes the medium, across each boundary of the block tree and of a directory, and each pair in
 * which the second operation takes what the first has freed.
 */
public final class CrashCatalog {
  private static final int O_TRUNC = 01002;
  private static final int O_SYNC_RDWR = 04010002;

  /** As many long names fill the first block of the root directory. */
  private static final int LONG_NAMES_IN_A_BLOCK = 15;

  private static final int DIRECT = 12;
  private static final int PER_BLOCK = 1024;

  private static final CrashWorkload.Step NOTHING = _ -> {};

  private static final List<CrashWorkload> FILES =
      List.of(
          new CrashWorkload("create", NOTHING, run -> run.create("/f", 0, 0)),
          new CrashWorkload(
              "create-write-fsync",
              NOTHING,
              run -> {
                run.create("/f", PAGE + 5, 1);
                run.sync("/f");
              }),
          new CrashWorkload(
              "create-in-a-new-block",
              CrashCatalog::fillDirectory,
              run -> {
                run.create("/" + "m".repeat(250), 0, 0);
                run.sync("/" + "m".repeat(250));
              }),
          new CrashWorkload(
              "create-in-the-place-of-a-name",
              run -> {
                run.create("/first", PAGE, 1);
                run.create("/second", 0, 0);
              },
              run -> {
                run.fs().unlink("/first");
                run.create("/third", PAGE, 3);
                run.sync("/third");
              }),
          new CrashWorkload(
              "append",
              run -> run.create("/f", 100, 1),
              run -> {
                run.sync("/f");
                run.changing("/f");
                try (OpenFile file = run.open("/f")) {
                  file.pwrite(100, content(PAGE, 2));
                }
                run.sync("/f");
              }),
          new CrashWorkload(
              "write-a-hole",
              run -> {
                try (OpenFile file = run.open("/f")) {
                  file.truncate(3 * PAGE);
                }
              },
              run -> {
                run.changing("/f");
                try (OpenFile file = run.open("/f")) {
                  file.pwrite(PAGE + 7, content(9, 2));
                }
                run.sync("/f");
              }),
          new CrashWorkload(
              "write-a-hole-below-pointers",
              CrashCatalog::sparseTree,
              run -> {
                run.sync("/f");
                run.overwrite("/f", (DIRECT + 1) * PAGE + 100, PAGE + 50, 2);
              }),
          new CrashWorkload("write-sync", NOTHING, CrashCatalog::synchronousWrite),
          pointers("indirect", DIRECT),
          pointers("double-indirect", DIRECT + PER_BLOCK),
          pointers("triple-indirect", DIRECT + PER_BLOCK + PER_BLOCK * PER_BLOCK),
          new CrashWorkload(
              "fault-on-a-hole", run -> run.create("/f", DIRECT * PAGE, 1), CrashCatalog::fault),
          new CrashWorkload(
              "truncate", run -> run.create("/f", 3 * PAGE, 1), run -> truncate(run, PAGE + 100)),
          new CrashWorkload(
              "truncate-up", run -> run.create("/f", 10, 1), run -> truncate(run, 5 * PAGE)),
          new CrashWorkload(
              "truncate-a-tree",
              run -> run.create("/f", (DIRECT + 2) * PAGE, 1),
              run -> truncate(run, 0)),
          new CrashWorkload(
              "truncate-reuse",
              run -> {
                run.create("/f", (DIRECT + 2) * PAGE, 1);
                run.create("/g", 0, 0);
              },
              run -> {
                truncate(run, PAGE + 100);
                run.create("/g", 2 * PAGE, 4);
                run.sync("/g");
              }),
          new CrashWorkload(
              "truncate-inside-pointers-reuse",
              run -> {
                run.create("/f", (DIRECT + 4) * PAGE, 1);
                run.create("/g", 0, 0);
              },
              run -> {
                truncate(run, (DIRECT + 1) * PAGE);
                run.create("/g", PAGE, 4);
                run.sync("/g");
              }),
          new CrashWorkload(
              "open-truncate",
              run -> run.create("/f", 2 * PAGE, 1),
              run -> {
                run.fs().open("/f", O_TRUNC, 0).close();
                run.create("/f", 50, 2);
                run.sync("/f");
              }),
          new CrashWorkload(
              "unlink", run -> run.create("/f", 2 * PAGE, 1), run -> run.fs().unlink("/f")),
          new CrashWorkload(
              "unlink-reuse",
              run -> run.create("/f", (DIRECT + 1) * PAGE, 1),
              run -> {
                run.fs().unlink("/f");
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload(
              "unlink-an-open-file",
              run -> run.create("/f", 2 * PAGE, 1),
              run -> {
                try (OpenFile file = run.open("/f")) {
                  run.fs().unlink("/f");
                  file.pwrite(5 * PAGE, content(10, 1));
                  run.fs().sync();
                }
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload("disk-full", CrashCatalog::fillDisk, CrashCatalog::writeToAFullDisk),
          new CrashWorkload(
              "freeze",
              run -> run.create("/f", PAGE, 1),
              run -> {
                run.create("/g", PAGE, 2);
                run.fs().freeze();
                run.fs().thaw();
                run.create("/h", 10, 3);
              }));

  private static final List<CrashWorkload> ALL =
      Stream.of(FILES, NameWorkloads.ALL, XattrWorkloads.ALL).flatMap(List::stream).toList();

  private CrashCatalog() {}

  /** Returns all workloads. */
  public static List<CrashWorkload> all() {
    return ALL;
  }

  /** Returns the workload of a name. */
  public static Optional<CrashWorkload> find(String name) {
    return ALL.stream().filter(each -> each.name().equals(name)).findFirst();
  }

  /** A file with a block of pointers, in which the second and the third pointer are holes. */
  private static void sparseTree(CrashRun run) throws Exception {
    try (OpenFile file = run.open("/f")) {
      file.pwrite(DIRECT * PAGE, content(PAGE, 1));
      file.truncate((DIRECT + 3) * PAGE);
    }
  }

  /** A write past the reach of the pointers that there are. */
  private static CrashWorkload pointers(String name, long block) {
    return new CrashWorkload(
        "write-" + name,
        run -> run.create("/f", PAGE, 1),
        run -> {
          try (OpenFile file = run.open("/f")) {
            file.pwrite(block * PAGE, content(8, 3));
            file.fsync();
            file.truncate(2 * PAGE);
            file.pwrite(PAGE, content(8, 4));
          }
          run.sync("/f");
        });
  }

  private static void truncate(CrashRun run, long size) throws Exception {
    try (OpenFile file = run.open("/f")) {
      file.truncate(size);
    }
    run.sync("/f");
  }

  private static void synchronousWrite(CrashRun run) throws Exception {
    run.create("/f", 0, 0);
    run.sync("/f");
    run.changing("/f");
    try (OpenFile file = run.fs().open("/f", O_SYNC_RDWR, 0)) {
      file.pwrite(0, content(PAGE + 1, 6));
    }
    run.sync("/f");
  }

  private static void fault(CrashRun run) throws Exception {
    AddressSpace mm = run.fs().newAddressSpace();
    long bytes = (DIRECT + 2) * PAGE;
    try (OpenFile file = run.open("/f")) {
      file.truncate(bytes);
      Vma vma =
          mm.mmap(
              file.mappable(),
              0,
              bytes,
              AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
              AddressSpace.MAP_SHARED);
      mm.store(vma, bytes - PAGE, new byte[] {5});
      mm.msync(vma, 0, bytes, AddressSpace.MS_SYNC);
      mm.munmap(vma);
    }
    run.sync("/f");
  }

  static void fillDirectory(CrashRun run) throws Exception {
    for (int i = 0; i < LONG_NAMES_IN_A_BLOCK; i++) {
      run.create("/" + i + "n".repeat(245), 0, 0);
    }
  }

  private static void fillDisk(CrashRun run) throws Exception {
    run.create("/f", 2 * PAGE, 1);
    try (OpenFile file = run.open("/pad")) {
      writeUntilFull(file, 0);
    }
  }

  private static void writeToAFullDisk(CrashRun run) throws Exception {
    try (OpenFile file = run.open("/f")) {
      writeUntilFull(file, 2L * PAGE);
      file.truncate(PAGE);
      file.pwrite(20L * PAGE, content(1, 1));
    } catch (Ext2Exception e) {
      requireFull(e);
    }
    run.sync("/f");
  }

  private static void writeUntilFull(OpenFile file, long from) throws Exception {
    try {
      for (long at = from; ; at += PAGE) {
        file.pwrite(at, content(PAGE, 9));
      }
    } catch (Ext2Exception e) {
      requireFull(e);
    }
  }

  private static void requireFull(Ext2Exception e) throws Ext2Exception {
    if (e.errno() != Errno.ENOSPC) {
      throw e;
    }
  }
}
