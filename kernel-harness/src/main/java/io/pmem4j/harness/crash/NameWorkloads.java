// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static io.pmem4j.harness.crash.CrashRun.PAGE;

import io.pmem4j.ext2.PathOperations;
import java.util.List;

/** The workloads that change names other than by creating and unlinking regular files. */
final class NameWorkloads {
  private static final int MODE = 0755;
  private static final int FIFO = 0010644;
  private static final String LONG_NAME = "/" + "m".repeat(250);

  static final List<CrashWorkload> ALL =
      List.of(
          new CrashWorkload(
              "mkdir",
              _ -> {},
              run -> {
                run.fs().paths().mkdir("/d", MODE);
                run.create("/d/f", PAGE, 1);
                run.sync("/d/f");
              }),
          new CrashWorkload(
              "mkdir-in-a-new-block",
              CrashCatalog::fillDirectory,
              run -> {
                run.fs().paths().mkdir(LONG_NAME, MODE);
                run.create(LONG_NAME + "/f", 10, 1);
                run.sync(LONG_NAME + "/f");
              }),
          new CrashWorkload(
              "rmdir-reuse",
              run -> run.fs().paths().mkdir("/d", MODE),
              run -> {
                run.fs().paths().rmdir("/d");
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload(
              "link-unlink",
              run -> run.create("/f", PAGE, 1),
              run -> {
                run.fs().paths().link("/f", "/g");
                run.sync("/g");
                run.fs().unlink("/f");
              }),
          new CrashWorkload(
              "symlink",
              _ -> {},
              run -> {
                run.fs().paths().symlink("short", "/s");
                run.fs().paths().symlink("long".repeat(40), "/l");
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload(
              "rename-a-directory-in-its-parent",
              run -> run.fs().paths().mkdir("/d", MODE),
              run -> {
                run.fs().paths().rename("/d", "/e", 0);
                run.create("/e/f", 10, 1);
                run.sync("/e/f");
              }),
          new CrashWorkload(
              "mknod",
              _ -> {},
              run -> {
                run.fs().paths().mknod("/p", FIFO, 0, 0);
                run.create("/g", 10, 2);
                run.sync("/g");
              }),
          rename("rename", "/f", "/g", run -> run.create("/f", PAGE, 1)),
          rename(
              "rename-in-a-new-block",
              "/f",
              LONG_NAME,
              run -> {
                run.create("/f", PAGE, 1);
                CrashCatalog.fillDirectory(run);
              }),
          rename(
              "rename-over-a-file",
              "/f",
              "/g",
              run -> {
                run.create("/f", PAGE, 1);
                run.create("/g", 2 * PAGE, 2);
              }),
          rename(
              "rename-over-a-symbolic-link",
              "/f",
              "/odd",
              run -> {
                run.fs().paths().symlink("nowhere", "/odd");
                run.create("/f", PAGE, 1);
              }),
          rename(
              "rename-to-another-directory",
              "/a/f",
              "/b/f",
              run -> {
                run.fs().paths().mkdir("/a", MODE);
                run.fs().paths().mkdir("/b", MODE);
                run.create("/a/f", PAGE, 1);
              }),
          directory("rename-a-directory", _ -> {}),
          directory("rename-over-a-directory", run -> run.fs().paths().mkdir("/b/d", MODE)));

  private NameWorkloads() {}

  /** A file gets another name, and another file what is free then. */
  private static CrashWorkload rename(
      String name, String from, String to, CrashWorkload.Step prepare) {
    return new CrashWorkload(
        name,
        prepare,
        run -> {
          run.fs().paths().rename(from, to, 0);
          run.sync(to);
          run.create("/h", PAGE, 3);
          run.sync("/h");
        });
  }

  /** A directory moves to another one, and what is in it is synced there. */
  private static CrashWorkload directory(String name, CrashWorkload.Step prepare) {
    return new CrashWorkload(
        name,
        run -> {
          PathOperations paths = run.fs().paths();
          paths.mkdir("/a", MODE);
          paths.mkdir("/b", MODE);
          paths.mkdir("/a/d", MODE);
          run.create("/a/d/f", PAGE, 1);
          prepare.run(run);
        },
        run -> {
          run.fs().paths().rename("/a/d", "/b/d", 0);
          run.sync("/b/d/f");
          run.create("/h", PAGE, 3);
          run.sync("/h");
        });
  }
}
