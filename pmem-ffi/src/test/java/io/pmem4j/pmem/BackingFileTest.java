// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Write-backs at the same time, of which each may get the error of another. */
class BackingFileTest {
  private static boolean anotherIsAskedFor(Path file) throws IOException {
    Files.write(file, new byte[4096]);
    MapSpec spec = MapSpec.existing();
    BackingFile backing = BackingFile.acquire(BackingFile.open(file, false), spec);
    try {
      backing.beginSync();
      assertThat(backing.endSync()).as("one alone").isFalse();
      backing.beginSync();
      backing.beginSync();
      boolean first = backing.endSync();
      assertThat(backing.endSync()).as("the last one").isFalse();
      return first;
    } finally {
      backing.release(spec);
      Files.delete(file);
    }
  }

  @Test
  void anErrorOfADiskMayBeAnothers() throws Exception {
    assertThat(anotherIsAskedFor(Files.createTempFile(Path.of("target"), "backing", null)))
        .isTrue();
  }

  @Test
  void aFileSystemInMemoryReportsNoError(@TempDir(factory = InMemory.class) Path folder)
      throws Exception {
    assertThat(anotherIsAskedFor(folder.resolve("file"))).isFalse();
  }
}
