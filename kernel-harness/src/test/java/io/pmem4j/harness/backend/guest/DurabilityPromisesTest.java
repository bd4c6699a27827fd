// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tells allowed from forbidden losses of a power cut, on images that debugfs makes. */
class DurabilityPromisesTest {
  @TempDir Path directory;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "debugfs", "e2fsck");
  }

  /**
   * Runs a program that ends with a power cut; each file's list holds its contents in the order in
   * which they were promised.
   */
  private static DurabilityPromises after(Map<String, List<String>> contents, String... lines)
      throws Exception {
    Program program =
        ProgramParser.parse("x", String.join("\n", lines) + "\npower-cut\nopen z / ro\n");
    DurabilityPromises promises = DurabilityPromises.of(program).orElseThrow();
    for (ProgramStep step : program.steps()) {
      Operation operation = step.operation();
      if (operation instanceof Operation.PowerCut) {
        break;
      }
      List<String> promised = promises.promisedBy(operation);
      promises.succeeded(operation);
      promised.forEach(file -> promises.promise(file, bytes(contents.get(file).getFirst())));
    }
    promises.open().forEach(file -> promises.atTheCut(file, bytes(contents.get(file).getLast())));
    return promises;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private List<String> broken(DurabilityPromises promises, String... setup) throws Exception {
    Program image =
        ProgramParser.parse("image", "image 8m\n" + String.join("\n", setup) + "\nopen z / ro\n");
    ImageShape shape = image.image();
    return promises.broken(Mke2fs.make(directory.resolve("cut.img"), shape));
  }

  @Test
  void whatWasSyncedIsThere() throws Exception {
    DurabilityPromises promises =
        after(Map.of("f", List.of("AAAA")), "open f /a rw creat", "pwrite f 0 x41*4", "fsync f");
    assertThat(promises.count()).isEqualTo(1);
    assertThat(broken(promises, "setup file /a x41*4")).isEmpty();
    assertThat(broken(promises, "setup file /a x41*3"))
        .containsExactly("/a has 3 bytes, expected 4 as synced, or 4");
    assertThat(broken(promises, "setup file /a x414142*1"))
        .singleElement()
        .asString()
        .startsWith("/a has 3 bytes");
    assertThat(broken(promises, "setup file /a x41414200"))
        .containsExactly("/a: byte 2 is 42, expected 41 as synced");
  }

  @Test
  void whatWasStoredLaterMayBeThereOrNot() throws Exception {
    DurabilityPromises promises =
        after(
            Map.of("f", List.of("AAAA", "ABA")),
            "open f /a rw creat",
            "fsync f",
            "pwrite f 1 x42",
            "ftruncate f 3");
    assertThat(broken(promises, "setup file /a x41*4")).isEmpty();
    assertThat(broken(promises, "setup file /a x414241")).isEmpty();
    assertThat(broken(promises, "setup file /a x434241"))
        .containsExactly("/a: byte 0 is 43, expected 41 as synced");
    assertThat(broken(promises, "setup file /a x4142"))
        .containsExactly("/a has 2 bytes, expected 4 as synced, or 3");
  }

  /** fsync of a file does not write the directory that names it. */
  @Test
  void aNameIsPromisedByItsDirectoryAlone() throws Exception {
    Map<String, List<String>> contents = Map.of("f", List.of("A"), "d", List.of(""));
    assertThat(broken(after(contents, "open f /a rw creat", "fsync f"))).isEmpty();
    assertThat(broken(after(contents, "open f /a rw creat", "syncfs f")))
        .containsExactly("/a is gone; its name was synced");
    assertThat(broken(after(contents, "open f /a rw creat", "open d / ro", "fsync f", "fsync d")))
        .containsExactly("/a is gone; its name was synced");
    assertThat(broken(after(contents, "open f /a rw creat", "syncfs f", "unlink /a"))).isEmpty();
  }

  @Test
  void aFileThatChangesUnseenIsNotJudged() throws Exception {
    Map<String, List<String>> contents = Map.of("f", List.of("A"));
    assertThat(
            broken(
                after(contents, "open f /a rw creat", "fsync f", "pwrite f 0 x42", "close f"),
                "setup file /a x43"))
        .isEmpty();
    assertThat(
            broken(
                after(contents, "open f /a rw creat", "fsync f", "close f"), "setup file /a x43"))
        .hasSize(1);
  }
}
