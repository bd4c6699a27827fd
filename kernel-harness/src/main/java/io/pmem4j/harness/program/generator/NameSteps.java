// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Syscall;
import java.util.List;

/** Generated operations on directories, links, names and attributes. */
final class NameSteps {
  private static final String LONG = "n".repeat(200);
  private static final List<String> PATHS =
      List.of(
          "/a",
          "/b",
          "/c",
          "/d",
          "/e",
          "/s",
          "/d/a",
          "/d/b",
          "/d/e",
          "/d/s",
          "/e/d",
          "/e/b",
          "/d/e/f",
          "/" + LONG,
          "/d/" + LONG + "1",
          "/d/" + LONG + "2",
          "/e/" + LONG,
          "/s/a",
          "/d/s/b",
          "/d/../c",
          "/e/",
          "/d/.",
          "/nodir/x");

  /** Relative, and down before up: what is absolute or above the root leaves the guest's mount. */
  private static final List<String> TARGETS =
      List.of(
          "a", "d", "s", "d/../a", "d/e", "b/", "t".repeat(59), "t".repeat(60), "t/".repeat(900));

  private static final long[] FLAGS = {0, 0, 0, 0x8, 0x10, 0x20, 0x80, 0x10000, 0x1f};

  private static final long[] WINDOWS = {0, 1, 3, 8, 20, 2000};

  private static final List<String> ATTRIBUTES =
      List.of("user.a", "user.b", "user.longer", "trusted.t", "security.s", "user.", "none");

  private static final int LARGE_VALUE = 3000;
  private static final String ACCESS_LIST = "system.posix_acl_access";
  private static final String DEFAULT_LIST = "system.posix_acl_default";

  /** Lists of version 2: one that a mode can say, two that it cannot, one that is not valid. */
  private static final List<String> LISTS =
      List.of(
          "0200000001000700ffffffff04000500ffffffff20000100ffffffff",
          "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000000ffffffff",
          "0200000001000700ffffffff04000500ffffffff0800070070110100"
              + "10000700ffffffff20000500ffffffff",
          "0200000001000700ffffffff02000600e803000004000500ffffffff20000100ffffffff");

  private final GeneratedValues values;
  private final GeneratedSteps steps;

  NameSteps(GeneratedValues values, GeneratedSteps steps) {
    this.values = values;
    this.steps = steps;
  }

  void change() {
    switch (values.below(16)) {
      case 0, 1, 2, 3 -> steps.call(Syscall.MKDIR, path(), mode());
      case 4, 5 -> steps.call(Syscall.RMDIR, path());
      case 6, 7 -> steps.call(Syscall.LINK, path(), path());
      case 8, 9 -> steps.call(Syscall.SYMLINK, values.of(TARGETS), path());
      case 10, 11, 12, 13, 14 ->
          steps.call(Syscall.RENAME, path(), path(), values.oneIn(4) ? values.below(5) : 0);
      default -> steps.call(Syscall.UNLINK, path());
    }
  }

  void ask() {
    switch (values.below(9)) {
      case 0 -> steps.call(Syscall.READLINK, path());
      case 1, 2, 3 -> steps.call(Syscall.LIST, path());
      case 4 -> steps.call(Syscall.ACCESS, path(), values.below(8));
      case 5 -> steps.call(Syscall.GETFLAGS, path());
      case 6 -> steps.call(Syscall.STATFS, "/");
      case 7 -> steps.call(Syscall.GETRSVSZ, path());
      default -> steps.call(Syscall.STATX, path());
    }
  }

  void attribute() {
    switch (values.below(6)) {
      case 0, 1 -> steps.call(Syscall.CHMOD, path(), mode());
      case 2 -> steps.call(Syscall.CHOWN, path(), id(), id());
      case 3 -> steps.call(Syscall.UTIMENS, path(), time(), time());
      case 4 -> steps.call(Syscall.SETRSVSZ, path(), values.of(WINDOWS));
      default -> steps.call(Syscall.SETFLAGS, path(), values.of(FLAGS));
    }
  }

  /** Few values, so that blocks of attributes are shared. */
  void extendedAttribute() {
    switch (values.below(10)) {
      case 0 -> steps.call(Syscall.LISTXATTR, path());
      case 1 -> steps.call(Syscall.GETXATTR, path(), anyAttribute());
      case 2 -> steps.call(Syscall.REMOVEXATTR, path(), anyAttribute());
      case 3, 4 ->
          steps.call(
              Syscall.SETXATTR,
              path(),
              values.oneIn(2) ? DEFAULT_LIST : ACCESS_LIST,
              new Bytes(values.of(LISTS), 1),
              0);
      default ->
          steps.call(
              Syscall.SETXATTR,
              path(),
              values.of(ATTRIBUTES),
              new Bytes(
                  values.oneIn(2) ? "31" : "32",
                  values.oneIn(8) ? LARGE_VALUE : 1 + values.below(3) * 7),
              values.oneIn(4) ? values.below(4) : 0);
    }
  }

  private String anyAttribute() {
    return switch (values.below(5)) {
      case 0 -> ACCESS_LIST;
      case 1 -> DEFAULT_LIST;
      default -> values.of(ATTRIBUTES);
    };
  }

  private String path() {
    return values.of(PATHS);
  }

  private long mode() {
    return values.oneIn(3) ? values.of(0, 0700, 02755, 01777, 07777) : 0755;
  }

  private long id() {
    return values.of(-1, 0, 1000, 70000);
  }

  private long time() {
    return switch (values.below(4)) {
      case 0 -> Parameter.NOW;
      case 1 -> Parameter.OMIT;
      default -> values.below(100);
    };
  }
}
