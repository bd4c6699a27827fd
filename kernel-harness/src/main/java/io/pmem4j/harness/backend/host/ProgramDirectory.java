// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.jni.KernelBridge;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Removes the directory of a program, whatever attributes and modes the program gave its files. */
final class ProgramDirectory {
  /** FS_IMMUTABLE_FL and FS_APPEND_FL (linux/fs.h): both refuse unlink(2). */
  private static final long UNREMOVABLE = 0x10 | 0x20;

  private static final int OWNER_ALL = 0700;

  private final OperationCore core;

  private ProgramDirectory(OperationCore core) {
    this.core = core;
  }

  /**
   * Removes a tree.
   *
   * @throws IOException naming the first file that stays
   */
  static void remove(Path root) throws IOException {
    try (OperationCore core = KernelBridge.open()) {
      new ProgramDirectory(core).removeTree(root);
    }
  }

  private void removeTree(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      allowRemoval(path);
      core.run(Request.of(Syscall.CHMOD, OWNER_ALL).withStrings(path.toString()));
      List<Path> children;
      try (Stream<Path> listed = Files.list(path)) {
        children = listed.toList();
      }
      for (Path child : children) {
        removeTree(child);
      }
    } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      allowRemoval(path);
    }
    Files.delete(path);
  }

  /** File systems without attributes refuse the first ioctl; nothing is to be cleared there. */
  private void allowRemoval(Path path) throws IOException {
    Response flags = core.run(Request.of(Syscall.GETFLAGS).withStrings(path.toString()));
    if (flags.result() >= 0 && (flags.result() & UNREMOVABLE) != 0) {
      core.run(
          Request.of(Syscall.SETFLAGS, flags.result() & ~UNREMOVABLE).withStrings(path.toString()));
    }
  }
}
