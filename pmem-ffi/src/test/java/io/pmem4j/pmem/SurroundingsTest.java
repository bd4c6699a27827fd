// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** JVMs in a plain locale, without the right to native calls, and beside another writer. */
@Timeout(120)
class SurroundingsTest {
  @TempDir(factory = InMemory.class)
  Path folder;

  private Path inner;

  private ChildJvm.Result mappedOnce(Map<String, String> environment, String what)
      throws Exception {
    return ChildJvm.run(folder, environment, MappedOnce.class.getName(), inner.toString(), what);
  }

  private void shell(String script) throws Exception {
    inner = Files.createDirectory(folder.resolve("inner"));
    Process process =
        new ProcessBuilder("sh", "-ec", script, "sh", inner.toString()).inheritIO().start();
    assertThat(process.waitFor()).isZero();
  }

  /** Usual in containers: the text of the path is not what the file is called. */
  @Test
  void aNameThatTheLocaleCannotSay() throws Exception {
    shell("head -c 65536 /dev/zero > \"$1/$(printf 'r\\303\\244gion')\"");
    ChildJvm.Result result = mappedOnce(Map.of("LC_ALL", "C"), "found");
    assertThat(result.output()).contains("JDK: 42").doesNotContain("refused");
  }

  @Test
  void aNewFileInAFolderThatTheLocaleCannotSay() throws Exception {
    shell("mkdir \"$1/$(printf 'r\\344gion')\"");
    ChildJvm.Result result = mappedOnce(Map.of("LC_ALL", "C"), "createInFound");
    assertThat(result.output()).contains("JDK: 42").doesNotContain("refused");
    Process list =
        new ProcessBuilder("sh", "-c", "ls \"$1\"/*/ && ls \"$1\" | wc -l", "sh", inner.toString())
            .start();
    assertThat(
            new String(
                    list.getInputStream().readAllBytes(),
                    java.nio.charset.StandardCharsets.US_ASCII)
                .lines())
        .contains("fileJDK")
        .endsWith("1");
  }

  @Test
  void anotherProcessIsTold() throws Exception {
    inner = Files.createDirectory(folder.resolve("inner"));
    Path file = inner.resolve("file");
    MapSpec spec = MapSpec.openOrCreate(1 << 16);
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, spec.exclusive(), arena);
      for (String what : List.of("openOrCreate", "exclusive")) {
        assertThat(mappedOnce(Map.of(), what).output())
            .contains("JDK: refused io.pmem4j.pmem.FileLockedException")
            .contains("another process");
      }
    }
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, spec, arena);
      assertThat(mappedOnce(Map.of(), "openOrCreate").output()).contains("JDK: 42");
      assertThat(mappedOnce(Map.of(), "exclusive").output())
          .contains("JDK: refused io.pmem4j.pmem.FileLockedException");
    }
    assertThat(mappedOnce(Map.of(), "exclusive").output()).contains("JDK: 42");
  }

  /** In one read: a second one returns nothing, and readString begins with a byte. */
  private static long limitOfMappings() throws Exception {
    try (InputStream in = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
      return Long.parseLong(new String(in.readNBytes(32), StandardCharsets.US_ASCII).strip());
    }
  }

  /** A JVM ends if the kernel allows no mapping for itself, so regions leave some. */
  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void theLimitOfMappingsIsARefusal(Backend backend) throws Exception {
    assumeTrue(backend == Backend.JDK || Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
    long limit = limitOfMappings();
    assumeTrue(limit <= 100_000, "vm.max_map_count is " + limit + ": too many to map");
    ChildJvm.Result result =
        ChildJvm.run(
            folder,
            Map.of(),
            MappingLimit.class.getName(),
            folder.toString(),
            backend.name(),
            Long.toString(limit));
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("refused: " + folder.resolve("file"))
        .contains("vm.max_map_count")
        .contains("new file refused, left behind: false")
        .contains("mapped many: true")
        .contains("afterwards: 42");
  }

  @Test
  void withoutTheRightToNativeCallsTheFlagIsNamed() throws Exception {
    Path output = folder.resolve("output");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--illegal-native-access=deny",
                "-cp",
                ChildJvm.classPath(),
                MappedOnce.class.getName(),
                folder.toString(),
                "createNew")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(child.waitFor()).isZero();
    assertThat(output)
        .content()
        .contains("JDK: refused java.lang.UnsupportedOperationException")
        .contains("start the JVM with --enable-native-access=ALL-UNNAMED");
    assertThat(folder.resolve("fileJDK")).doesNotExist();
  }
}
