// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reader in Python, written from docs/formats.md alone, reads what the log wrote. */
class LogFormatTest {
  private static final Path READERS = Path.of("src/test/python");

  @TempDir Path folder;

  /** Returns the lines that a reader prints. */
  static List<String> python(String reader, Path path) throws Exception {
    Process python;
    try {
      python =
          new ProcessBuilder("python3", READERS.resolve(reader).toString(), path.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException missing) {
      System.out.println("skipped: no python3 here");
      assumeTrue(false, "no python3 here");
      return List.of();
    }
    String said = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(python.waitFor()).as(said).isZero();
    return said.lines().toList();
  }

  @Test
  void isReadByAnother() throws Exception {
    Path path = folder.resolve("log");
    List<String> expected = new ArrayList<>();
    try (DurableLog log = DurableLog.openOrCreate(path, 8192)) {
      for (int lap = 0; lap < 3; lap++) {
        for (int i = 0; i < 40; i++) {
          byte[] record = DurableLogTest.bytes(100 * lap + i, i * 7 % 150);
          if (i % 3 == 0) {
            log.add(record);
          } else {
            log.append(record);
          }
        }
        log.sync();
        if (lap < 2) {
          log.truncatePrefix(log.durableEnd());
        }
      }
      LogReader reader = log.reader();
      while (reader.next()) {
        expected.add(reader.position() + " " + HexFormat.of().formatHex(reader.payload()));
      }
    }
    assertThat(expected).hasSize(40);
    assertThat(python("read_log.py", path)).containsExactlyElementsOf(expected);
    try (DurableLog log = DurableLog.open(path)) {
      log.append(new byte[] {1, 2, 3});
    }
    List<String> after = python("read_log.py", path);
    assertThat(after).hasSize(41).startsWith(expected.toArray(String[]::new));
    assertThat(after.getLast()).endsWith(" 010203");
  }
}
