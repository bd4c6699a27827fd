// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Addresses of a mapping are congruent to places in the image, so that the processor can map 2 MiB
 * at once where the file lies in one piece: measured over tmpfs with huge pages, which a child
 * mounts in a mount namespace of its own. Only root can; skipped with the reason elsewhere.
 *
 * <p>On fsdax the same addresses serve: there the file system decides with the same condition. With
 * devdax they would not do: a device's mappings begin at multiples of its alignment, usually 2 MiB,
 * and are shared, while a file's pieces begin at any 4 KiB, and may be private.
 */
@Timeout(120)
class HostMappingHugePagesTest {
  private static final int NO_MOUNT = 77;
  private static final Pattern MEASURED =
      Pattern.compile("([A-Z_]+) from page (\\d+): (\\d+) of \\d+ KiB in huge pages");

  private static final String SCRIPT =
      """
      mount -t tmpfs -o huge=always,size=96m tmpfs "$1" || exit 77
      image="$1/image"
      truncate -s 64M "$image" || exit 1
      mke2fs -q -F -t ext2 -b 4096 "$image" || exit 1
      shift
      exec "$@"
      """;

  /** Returns the KiB in huge pages of each mapping, as the child prints them. */
  private static List<Long> measured() throws Exception {
    if (ImageFixture.toolPath("unshare") == null || ImageFixture.toolPath("mke2fs") == null) {
      throw skipped("no unshare or mke2fs here");
    }
    Path folder = Files.createTempDirectory("ext2-dax-huge");
    Path output = Files.createTempFile("ext2-dax-huge", ".txt");
    try {
      List<String> command =
          new ArrayList<>(List.of("unshare", "-m", "sh", "-c", SCRIPT, "sh", folder.toString()));
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-Xmx256m",
              "-cp",
              ImageFixture.classPath(),
              HugeMapping.class.getName(),
              folder.resolve("image").toString()));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
      Process process = builder.redirectOutput(output.toFile()).start();
      try {
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
      } finally {
        process.destroyForcibly();
      }
      String text = Files.readString(output);
      if (process.exitValue() == NO_MOUNT || text.contains("unshare:")) {
        throw skipped(text.strip());
      }
      System.out.print(text);
      assertThat(process.exitValue()).as(text).isZero();
      assertThat(text).contains("unmounted");
      List<Long> kib = new ArrayList<>();
      Matcher each = MEASURED.matcher(text);
      while (each.find()) {
        kib.add(Long.parseLong(each.group(3)));
      }
      return kib;
    } finally {
      Files.delete(output);
      Files.delete(folder);
    }
  }

  private static RuntimeException skipped(String why) {
    String reason = "huge pages of a mapping are not measured: " + why;
    System.out.println(reason);
    return abort(reason);
  }

  @Test
  void whatLiesInOnePieceIsMappedTwoMebibytesAtOnce() throws Exception {
    assertThat(measured())
        .hasSize(6)
        .allSatisfy(kib -> assertThat(kib).isGreaterThanOrEqualTo(2048));
  }
}
