// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The fixture of contracts that map files. */
@Timeout(120)
abstract class MappedFileContract {
  static final int SIZE = 64 << 10;

  @TempDir(factory = Place.class)
  Path folder;

  Path file;

  abstract Backend backend();

  @BeforeEach
  void name() {
    file = folder.resolve("region");
  }

  final MapSpec createNew(long bytes) {
    return MapSpec.createNew(bytes).backend(backend());
  }

  final MapSpec existing() {
    return MapSpec.existing().backend(backend());
  }

  final <E extends IOException> E assertRefused(Class<E> type, Path path, MapSpec spec) {
    try (Arena arena = Arena.ofShared()) {
      E[] thrown = newArray(type);
      assertThatExceptionOfType(type)
          .as("%s", spec)
          .isThrownBy(() -> Pmem.map(path, spec, arena))
          .satisfies(exception -> thrown[0] = exception);
      return thrown[0];
    }
  }

  @SuppressWarnings("unchecked")
  private static <E> E[] newArray(Class<E> type) {
    return (E[]) java.lang.reflect.Array.newInstance(type, 1);
  }

  static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
