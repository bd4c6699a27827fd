// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.durable.Subject.Opened;
import io.pmem4j.pmem.ChildJvm;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.InMemory;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Mounted;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The table of bad inputs in docs/durability.md, cell by cell: the outcome of each input in each
 * structure, the file unchanged, and nothing acknowledged lost.
 */
@Timeout(120)
class BadInputTest {
  private static final Path TABLE = Path.of("../docs/durability.md");
  private static final List<Integer> FILLED =
      IntStream.rangeClosed(1, Subject.RECORDS).boxed().toList();

  @TempDir(factory = InMemory.class)
  Path folder;

  /** Uses a structure. */
  @FunctionalInterface
  interface Use {
    void run() throws Exception;
  }

  /** Returns the outcome of a use in the words of the table. */
  static String outcome(Use use) {
    try {
      use.run();
      return "all there";
    } catch (ValueBefore older) {
      return "the value before";
    } catch (Exception refused) {
      Class<?> type = refused.getClass();
      while (!Modifier.isPublic(type.getModifiers())) {
        type = type.getSuperclass();
      }
      return type.getSimpleName();
    }
  }

  /** Returns the cell of the table for an input and a structure. */
  static String documented(String input, Subject subject) throws IOException {
    List<String> rows =
        Files.readAllLines(TABLE).stream()
            .dropWhile(line -> !line.startsWith("| bad input"))
            .toList();
    List<String> titles = cells(rows.getFirst());
    return rows.stream()
        .map(BadInputTest::cells)
        .filter(cells -> cells.getFirst().equals(input))
        .map(cells -> cells.get(titles.indexOf(subject.title)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no row '" + input + "' in " + TABLE));
  }

  private static List<String> cells(String row) {
    return Arrays.stream(row.replaceAll("^\\| *| *\\|$", "").split("\\|"))
        .map(cell -> cell.strip().replace("`", ""))
        .toList();
  }

  private void check(String input, Subject subject, String outcome) throws IOException {
    assertThat(outcome).as("%s, %s", input, subject.title).isEqualTo(documented(input, subject));
  }

  private static void requireAll(Opened opened) {
    assertThat(opened.records()).isEqualTo(FILLED);
  }

  private static void read(Subject subject, Path path) throws Exception {
    try (Opened opened = subject.open(path)) {
      requireAll(opened);
    }
  }

  private Path filled(Subject subject) throws Exception {
    Path path = folder.resolve("file");
    subject.fill(path);
    assertThat(Files.size(path)).isEqualTo(subject.bytes);
    return path;
  }

  /** Returns the outcome of opening a content; a refusal leaves it unchanged. */
  private String opening(Subject subject, byte[] content) throws IOException {
    Path path = folder.resolve("bad");
    Files.write(path, content);
    String outcome = outcome(() -> read(subject, path));
    if (!outcome.equals("all there")) {
      assertThat(Files.readAllBytes(path)).isEqualTo(content);
    }
    return outcome;
  }

  @ParameterizedTest
  @EnumSource(names = "PMEM_FILE", mode = EnumSource.Mode.EXCLUDE)
  void contentOfAnotherProgram(Subject subject) throws Exception {
    byte[] foreign = new byte[subject.bytes];
    new SplittableRandom(1).nextBytes(foreign);
    check("content of another program", subject, opening(subject, foreign));
    for (Subject other : Subject.values()) {
      if (other != subject) {
        Path path = folder.resolve(other.name());
        other.fill(path);
        byte[] content = Arrays.copyOf(Files.readAllBytes(path), subject.bytes);
        check("content of another program", subject, opening(subject, content));
      }
    }
  }

  /** Puts another version into both copies of the header, with right checksums. */
  private static void renew(byte[] content, Subject subject) {
    for (int copy : new int[] {0, 4096}) {
      content[copy + 8] = 2;
      CRC32C sum = new CRC32C();
      sum.update(content, copy, 12);
      int covered =
          subject == Subject.CELL
              ? 16 + (content[copy + 24] == -1 ? 0 : content[copy + 24])
              : subject.headerBytes - 16;
      sum.update(content, copy + 16, covered);
      for (int i = 0; i < 4; i++) {
        content[copy + 12 + i] = (byte) (sum.getValue() >> (8 * i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "PMEM_FILE", mode = EnumSource.Mode.EXCLUDE)
  void aNewerVersion(Subject subject) throws Exception {
    byte[] newer = Files.readAllBytes(filled(subject));
    renew(newer, subject);
    check("a newer version", subject, opening(subject, newer));
  }

  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void cutShortAtEveryLength(Subject subject) throws Exception {
    Path path = filled(subject);
    byte[] whole = Files.readAllBytes(path);
    TreeSet<String> outcomes = new TreeSet<>();
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int length = subject.bytes - 1; length >= 0; length--) {
        file.setLength(length);
        outcomes.add(outcome(() -> read(subject, path)));
        assertThat(file.length()).isEqualTo(length);
      }
    }
    check("cut short, at every length", subject, String.join(", ", outcomes));
    Files.write(path, whole);
    read(subject, path);
  }

  @ParameterizedTest
  @EnumSource
  void cutShortWhileOpen(Subject subject) throws Exception {
    Path path = filled(subject);
    byte[] whole = Files.readAllBytes(path);
    String outcome;
    try (Opened opened = subject.open(path)) {
      requireAll(opened);
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.setLength(0);
      }
      outcome = outcome(() -> opened.add(6));
      Files.write(path, whole);
    }
    check("cut short while open, then changed", subject, outcome);
    read(subject, path);
  }

  @ParameterizedTest
  @EnumSource
  void mappedReadOnly(Subject subject) throws Exception {
    Path path = filled(subject);
    byte[] content = Files.readAllBytes(path);
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(path, MapSpec.existing().readOnly(), arena);
      check("mapped read-only, read", subject, outcome(() -> requireAll(subject.open(region))));
      check("mapped read-only, changed", subject, outcome(() -> subject.open(region).add(6)));
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(content);
    read(subject, path);
  }

  /** A disk that another file fills: neither a new structure nor a longer map. */
  @Test
  void noRoom() throws Exception {
    ChildJvm.Result result =
        Mounted.run(
            folder, "mount -t tmpfs -o size=2m none $1", Map.of(), StructuresOnFullDisk.class);
    assertThat(result.exit()).as(result.output()).isZero();
    for (Subject subject : Subject.values()) {
      assertThat(result.output())
          .contains(
              subject.title
                  + ": "
                  + documented("no room for a new one", subject)
                  + ", left behind: false");
    }
    assertThat(documented("no room to grow", Subject.MAP)).isEqualTo("MapFullException");
    assertThat(result.output())
        .containsPattern("map: .*No space left on device.*, told by the disk: true")
        .contains("keys: true, true")
        .contains("removed: 1")
        .contains("with room again: 100000")
        .contains("after a restart: 2, true");
  }

  private static BadMemory memory(Subject subject) throws Exception {
    BadMemory memory = new BadMemory(Granularity.CACHE_LINE, subject.bytes);
    try (Opened opened = subject.open(memory)) {
      for (int i = 1; i <= Subject.RECORDS; i++) {
        opened.add(i);
      }
    }
    return memory;
  }

  /** Each line of the memory in turn has no memory behind it. */
  @ParameterizedTest
  @EnumSource
  void poison(Subject subject) throws Exception {
    TreeSet<String> outcomes = new TreeSet<>();
    for (int line = 0; line < subject.bytes; line += 64) {
      BadMemory memory = memory(subject);
      memory.poison(line, 64);
      outcomes.add(outcome(() -> readPoisoned(subject, memory)));
      memory.heal();
      requireAll(subject.open(memory));
    }
    check("poison in any line", subject, String.join(", ", outcomes));
  }

  @Test
  void poisonedSlotsAreNotFree() throws Exception {
    poison(Subject.STORE);
  }

  private static void readPoisoned(Subject subject, BadMemory memory) throws ValueBefore {
    if (subject != Subject.CELL) {
      requireAll(subject.open(memory));
      return;
    }
    DurableCell cell = DurableCell.open(memory);
    byte[] value = cell.get().orElseThrow();
    if (value.length == Subject.RECORDS - 1) {
      assertThat(cell.isDegraded()).isTrue();
      throw new ValueBefore();
    }
    assertThat(value).hasSize(Subject.RECORDS);
  }

  /** Signals a cell with the value before the last one, which says so. */
  private static final class ValueBefore extends Exception {
    private static final long serialVersionUID = 1;
  }

  @ParameterizedTest
  @EnumSource
  void aSyncThatFails(Subject subject) throws Exception {
    BadMemory memory = memory(subject);
    Opened opened = subject.open(memory);
    memory.failSyncs();
    check("a sync that fails", subject, outcome(() -> opened.add(6)));
    assertThat(outcome(() -> opened.add(7))).isNotEqualTo("all there");
    memory.heal();
    assertThat(subject.open(memory).records()).startsWith(FILLED.toArray(Integer[]::new));
  }

  /** Bytes that another program stored past the end of what was acknowledged. */
  @ParameterizedTest
  @EnumSource
  void aStorePastTheAcknowledgedEnd(Subject subject) throws Exception {
    BadMemory whole = memory(subject);
    TreeSet<String> outcomes = new TreeSet<>();
    List<Long> free =
        IntStream.iterate(8, at -> at < subject.bytes, at -> at + 8)
            .filter(at -> whole.getLong(at) == 0 && at % 4096 > 256)
            .mapToObj(at -> (long) at)
            .toList();
    assertThat(free).isNotEmpty();
    for (Long at : free) {
      BadMemory memory = memory(subject);
      memory.putLong(at, -1 - at);
      outcomes.add(outcome(() -> requireAll(subject.open(memory))));
    }
    check("a store past the acknowledged end", subject, String.join(", ", outcomes));
  }
}
