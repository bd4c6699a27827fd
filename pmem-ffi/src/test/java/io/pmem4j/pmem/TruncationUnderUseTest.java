// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.contract.Installed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One process uses a file, another truncates it. */
@Tag("slow") // JVMs of their own
@Timeout(120)
class TruncationUnderUseTest {
  private static final Map<String, String> CACHE_LINES = Map.of("PMEM_IS_PMEM_FORCE", "1");

  @TempDir Path folder;

  private ChildJvm.Result truncatedUnder(
      Backend backend, Map<String, String> environment, String use) throws Exception {
    Path file = folder.resolve("file");
    Path output = folder.resolve("output");
    Files.write(file, new byte[64 << 10]);
    Process user =
        ChildJvm.start(
            folder,
            output,
            ChildJvm.classPath(),
            environment,
            TruncatedUse.class.getName(),
            file.toString(),
            backend.name(),
            use);
    while (user.isAlive() && firstByte(file) == 0) {
      Thread.onSpinWait();
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(8192);
    }
    boolean ended = user.waitFor(60, TimeUnit.SECONDS);
    user.destroyForcibly().waitFor();
    assertThat(ended).as(Files.readString(output)).isTrue();
    return new ChildJvm.Result(user.exitValue(), Files.readString(output));
  }

  private static byte firstByte(Path file) throws IOException {
    ByteBuffer first = ByteBuffer.allocate(1);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.read(first, 0);
    }
    return first.get(0);
  }

  private static void assertNoticed(ChildJvm.Result result, Class<?> what) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains(what.getSimpleName() + " at " + (60 << 10))
        .contains("alive: 1");
  }

  @Test
  void checkedLoadsNotice() throws Exception {
    Installed.assumeLibpmem();
    assertNoticed(truncatedUnder(Backend.LIBPMEM, Map.of(), "load"), PmemMediaException.class);
    assertNoticed(truncatedUnder(Backend.LIBPMEM, CACHE_LINES, "load"), PmemMediaException.class);
    assertNoticed(truncatedUnder(Backend.JDK, Map.of(), "load"), PmemMediaException.class);
  }

  @Test
  void persistNoticesOnOrdinaryFiles() throws Exception {
    Installed.assumeLibpmem();
    assertNoticed(truncatedUnder(Backend.LIBPMEM, Map.of(), "persist"), PmemException.class);
    assertNoticed(truncatedUnder(Backend.JDK, Map.of(), "persist"), PmemException.class);
  }

  /** The bytes are copied by the JVM then, and not by libpmem, which could not be told of it. */
  @Test
  void writingFromAnotherRegionNotices() throws Exception {
    Installed.assumeLibpmem();
    ChildJvm.Result result = truncatedUnder(Backend.LIBPMEM, CACHE_LINES, "copy");
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("PmemMediaException at 0").contains("alive: 1");
  }

  /**
   * The documented limit of {@link PmemRegion}: native code writes back a cache line without memory
   * behind it, and the JVM cannot turn the signal into an exception.
   */
  @Test
  void nativeWriteBackOfATruncatedFileIsTheEnd() throws Exception {
    Installed.assumeLibpmem();
    ChildJvm.Result result = truncatedUnder(Backend.LIBPMEM, CACHE_LINES, "persist");
    assertThat(result.exit()).as(result.output()).isNotZero();
    assertThat(result.output()).contains("SIGBUS").contains("libpmem.so").doesNotContain("alive");
  }
}
