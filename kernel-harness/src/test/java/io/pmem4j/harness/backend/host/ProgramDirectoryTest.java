// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.jni.KernelBridge;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program's directory goes whatever the program did to it. */
class ProgramDirectoryTest {
  @TempDir private Path directory;

  @Test
  void closedDirectoriesAndDanglingLinksAreRemoved() throws Exception {
    Path root = Files.createDirectory(directory.resolve("program"));
    Path closed = Files.createDirectories(root.resolve("d/e"));
    Files.createSymbolicLink(closed.resolve("nowhere"), Path.of("/nowhere"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(root.resolve("d"), PosixFilePermissions.fromString("---------"));
    ProgramDirectory.remove(root);
    assertThat(root).doesNotExist();
  }

  @Test
  void immutableAndAppendOnlyFilesAreRemoved() throws Exception {
    Path root = Files.createDirectory(directory.resolve("program"));
    Path inner = Files.createDirectory(root.resolve("d"));
    Path immutable = Files.createFile(inner.resolve("immutable"));
    Path append = Files.createFile(root.resolve("append"));
    try (OperationCore core = KernelBridge.open()) {
      for (Path path : new Path[] {immutable, append, inner}) {
        long flag = path.equals(append) ? 0x20 : 0x10;
        String name = path.toString();
        long flags = core.run(Request.of(Syscall.GETFLAGS).withStrings(name)).result();
        if (flags < 0
            || core.run(Request.of(Syscall.SETFLAGS, flags | flag).withStrings(name)).result()
                < 0) {
          throw Required.missing("no immutable files in " + directory);
        }
      }
    }
    ProgramDirectory.remove(root);
    assertThat(root).doesNotExist();
  }
}
