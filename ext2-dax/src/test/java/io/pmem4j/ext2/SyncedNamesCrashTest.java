// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.CrashedImage.createFile;
import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Names that are durable when their call returns: {@code sync}, {@code dirsync} and the flags of a
 * directory. Each crash state between two calls has the names of the first. Without any of them
 * some state has not.
 */
class SyncedNamesCrashTest {
  private static final int SAMPLE = 300;
  private static final int SYNC = 0x8;
  private static final int DIRSYNC = 0x1_0000;

  private static final Set<ImageFinding.Kind> FREE =
      Set.of(ImageFinding.Kind.BLOCK_NOT_MARKED, ImageFinding.Kind.INODE_NOT_MARKED);

  /** A change of names, and what must be there from its return on. */
  private record Change(String text, CrashedImage.Step step) {}

  private static final List<Change> CHANGES =
      List.of(
          new Change("mkdir", fs -> fs.paths().mkdir("/d/sub", 0755)),
          new Change("create", fs -> createFile(fs, "/d/file", 0)),
          new Change("long name", fs -> createFile(fs, "/d/" + "m".repeat(250), 0)),
          new Change("link", fs -> fs.paths().link("/d/file", "/d/link")),
          new Change("rename", fs -> fs.paths().rename("/d/link", "/d/other", 0)),
          new Change("rename over", fs -> fs.paths().rename("/d/other", "/d/old", 0)),
          new Change("move", fs -> fs.paths().rename("/d/file", "/d/sub/file", 0)),
          new Change("unlink", fs -> fs.unlink("/d/first")),
          new Change("symlink", fs -> fs.paths().symlink("x", "/d/l")),
          new Change("rmdir", fs -> fs.paths().rmdir("/d/empty")));

  private static void prepare(Ext2FileSystem fs, int flags) throws Exception {
    fs.paths().mkdir("/d", 0755);
    createFile(fs, "/d/first", 0);
    createFile(fs, "/d/old", CrashedImage.P);
    fs.paths().mkdir("/d/empty", 0755);
    for (int i = 0; i < 14; i++) {
      createFile(fs, "/d/" + i + "n".repeat(245), 0);
    }
    if (flags != 0) {
      fs.paths().setFlags("/d", flags);
    }
  }

  /** The names that the directory and its subdirectory show. */
  private static List<String> names(Ext2FileSystem fs) throws Exception {
    List<String> names = new ArrayList<>();
    for (String path : List.of("/d", "/d/sub")) {
      try (OpenFile directory = fs.open(path, 0, 0)) {
        directory.readDirectory(0, 100).forEach(each -> names.add(path + "/" + each.name()));
      } catch (Ext2Exception e) {
        names.add(path + " " + e.errno());
      }
    }
    return names.stream().filter(each -> !each.contains("nnn")).sorted().toList();
  }

  /** A durable store outside the file system, after which a crash is tried. */
  private static void pointOfCrash(RecordedMemory recorded) {
    recorded.putByte(0, (byte) (recorded.segment().get(ValueLayout.JAVA_BYTE, 0) + 1));
    recorded.persist(0, 1);
  }

  private static CrashReport explore(CrashMode mode, String options, int flags) throws Exception {
    HeapMemory memory = new HeapMemory(DurableImage.empty().length, mode.granularity());
    memory.copy(0, DurableImage.empty(), 0, DurableImage.empty().length);
    Ext2FileSystem before = CrashedImage.mount(memory, "");
    prepare(before, flags);
    before.unmount();
    RecordedMemory recorded = RecordedMemory.over(memory);
    Ext2FileSystem during = CrashedImage.mount(recorded, options);
    List<List<String>> shown = new ArrayList<>(List.of(names(during)));
    for (Change change : CHANGES) {
      recorded.acknowledge("begun", shown.size());
      change.step().run(during);
      shown.add(names(during));
      recorded.acknowledge("done", shown.size() - 1);
      pointOfCrash(recorded);
    }
    return CrashStates.of(recorded.trace())
        .mode(mode)
        .atMost(SAMPLE)
        .insideRecovery(false)
        .check((state, acknowledged) -> {
          int done = Math.toIntExact(acknowledged.get("done"));
          if (acknowledged.get("begun") > done) {
            // A directory may be torn while a change is running.
            return;
          }
          List<String> found = names(CrashedImage.mount(state, ""));
          if (!found.equals(shown.get(done))) {
            throw new IllegalStateException(
                "after %s: %s, expected %s"
                    .formatted(CHANGES.get(done - 1).text(), found, shown.get(done)));
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "X86, ',dirsync', 0",
    "X86, ',sync', 0",
    "X86, '', " + DIRSYNC,
    "X86, '', " + SYNC,
    "JAVA, ',dirsync', 0",
    "JAVA, '', " + DIRSYNC,
  })
  void eachChangeIsThereWhenItsCallHasReturned(CrashMode mode, String options, int flags)
      throws Exception {
    CrashReport report = explore(mode, options, flags);
    assertThat(report.findings()).as("%s", report).isEmpty();
    assertThat(report.tried()).isGreaterThan(100);
  }

  /** The control: async takes sync back, and a crash takes names. */
  @ParameterizedTest
  @CsvSource({"''", "',sync,async'"})
  void otherwiseACrashTakesNames(String options) throws Exception {
    assertThat(explore(CrashMode.X86, options, 0).findings()).isNotEmpty();
  }

  /** A file of a mount with sync, or with the flag. */
  private record Synced(long size, int links, long blocks) {
    static Synced of(PersistentMemory memory, int ino) {
      RawInode raw = DurableImage.inode(memory, ino);
      return new Synced(raw.sizeLow(), raw.linksCount(), raw.blocks());
    }
  }

  @ParameterizedTest
  @CsvSource({"',sync', 0", "'', " + SYNC})
  void writesTruncationAndEvictionAreDurable(String options, int flags) throws Exception {
    HeapMemory memory = new HeapMemory(DurableImage.empty().length, CrashMode.X86.granularity());
    memory.copy(0, DurableImage.empty(), 0, DurableImage.empty().length);
    Ext2FileSystem before = CrashedImage.mount(memory, "");
    createFile(before, "/f", 0);
    before.paths().setFlags("/f", flags);
    int ino = (int) before.paths().stat("/f", true).ino();
    before.unmount();
    RecordedMemory recorded = RecordedMemory.over(memory);
    Ext2FileSystem during = CrashedImage.mount(recorded, options);
    List<Synced> shown = new ArrayList<>(List.of(Synced.of(memory, ino)));
    List<CrashedImage.Step> steps =
        List.of(
            fs -> createFile(fs, "/f", 3 * CrashedImage.P),
            fs -> {
              try (OpenFile file = fs.open("/f", 2, 0)) {
                file.truncate(100);
              }
            },
            fs -> fs.unlink("/f"));
    for (CrashedImage.Step step : steps) {
      recorded.acknowledge("begun", shown.size());
      step.run(during);
      shown.add(Synced.of(recorded, ino));
      recorded.acknowledge("done", shown.size() - 1);
      pointOfCrash(recorded);
    }
    assertThat(shown).extracting(Synced::size).containsExactly(0L, 3L * CrashedImage.P, 100L, 100L);
    CrashReport report =
        CrashStates.of(recorded.trace())
            .mode(CrashMode.X86)
            .atMost(SAMPLE)
            .insideRecovery(false)
            .check((state, acknowledged) -> {
              int done = Math.toIntExact(acknowledged.get("done"));
              if (acknowledged.get("begun") == done) {
                Synced found = Synced.of(state, ino);
                if (!found.equals(shown.get(done))) {
                  throw new IllegalStateException(found + ", expected " + shown.get(done));
                }
              }
            });
    assertThat(report.findings()).as("%s", report).isEmpty();
  }

  @Test
  void bitmapsAreDurableWithSync() throws Exception {
    assertThat(freeAfterMkdir(",sync").findings()).isEmpty();
  }

  /** As with Linux. */
  @Test
  void bitmapsMayBeLostWithDirsync() throws Exception {
    assertThat(freeAfterMkdir(",dirsync").findings()).isNotEmpty();
  }

  /** Explores whether a new directory and its block may count as free after mkdir. */
  private static CrashReport freeAfterMkdir(String options) throws Exception {
    HeapMemory memory = new HeapMemory(DurableImage.empty().length, CrashMode.X86.granularity());
    memory.copy(0, DurableImage.empty(), 0, DurableImage.empty().length);
    RecordedMemory recorded = RecordedMemory.over(memory);
    Ext2FileSystem during = CrashedImage.mount(recorded, options);
    during.paths().mkdir("/d", 0755);
    recorded.acknowledge("made", 1);
    pointOfCrash(recorded);
    return CrashStates.of(recorded.trace())
        .mode(CrashMode.X86)
        .atMost(SAMPLE)
        .insideRecovery(false)
        .check((state, acknowledged) -> {
          if (acknowledged.get("made") == 1
              && ImageCheck.of(state).stream().anyMatch(each -> FREE.contains(each.kind()))) {
            throw new IllegalStateException("what the new directory has counts as free");
          }
        });
  }
}
