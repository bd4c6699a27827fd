// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static io.pmem4j.harness.crash.CrashRun.PAGE;

import io.pmem4j.ext2.Ext2Exception;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The workloads that change extended attributes and access control lists. */
final class XattrWorkloads {
  private static final int MODE = 0755;

  /** Version 2: owner rwx, user 5 rwx, group r-x, mask rwx, others r-x. */
  private static final byte[] LIST = {
    2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 2, 0, 7, 0, 5, 0, 0, 0, 4, 0, 5, 0, -1, -1, -1, -1, 16,
    0, 7, 0, -1, -1, -1, -1, 32, 0, 5, 0, -1, -1, -1, -1
  };

  static final List<CrashWorkload> ALL =
      List.of(
          new CrashWorkload(
              "setxattr",
              run -> run.create("/f", PAGE, 1),
              run -> {
                set(run, "/f", "user.x", "1");
                run.sync("/f");
                set(run, "/f", "user.y", "2".repeat(300));
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload(
              "setxattr-shared",
              run -> {
                run.create("/f", PAGE, 1);
                run.create("/g", PAGE, 2);
                set(run, "/f", "user.x", "1");
              },
              run -> {
                set(run, "/g", "user.x", "1");
                run.sync("/g");
                set(run, "/f", "user.x", "3");
                run.create("/h", PAGE, 3);
                run.sync("/h");
              }),
          new CrashWorkload(
              "removexattr-reuse",
              run -> {
                run.create("/f", PAGE, 1);
                set(run, "/f", "user.x", "1");
              },
              run -> {
                run.fs().paths().removeXattr("/f", bytes("user.x"), false);
                run.create("/g", PAGE, 2);
                run.sync("/g");
              }),
          new CrashWorkload(
              "unlink-shared-xattr",
              run -> {
                for (String path : List.of("/f", "/g")) {
                  run.create(path, PAGE, 1);
                  set(run, path, "user.x", "1");
                }
              },
              run -> {
                run.fs().unlink("/f");
                run.fs().unlink("/g");
                run.create("/h", PAGE, 2);
                run.sync("/h");
              }),
          new CrashWorkload(
              "acl-inheritance",
              run -> {
                run.fs().paths().mkdir("/d", MODE);
                run.fs().paths().setXattr("/d", bytes("system.posix_acl_default"), LIST, 0, false);
              },
              run -> {
                run.create("/d/f", PAGE, 1);
                run.sync("/d/f");
                run.fs().paths().mkdir("/d/sub", MODE);
                run.fs().paths().chmod("/d/f", 0600);
                run.sync("/d/f");
              }));

  private XattrWorkloads() {}

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Sets an attribute of a file. */
  static void set(CrashRun run, String path, String name, String value) throws Ext2Exception {
    run.fs().paths().setXattr(path, bytes(name), bytes(value), 0, false);
  }
}
