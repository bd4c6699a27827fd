// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.check.Agreement.Reason;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.check.JudgedImages.Shape;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.pmem.Granularity;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The check agrees with {@code e2fsck -fn}: on images of every shape, and on images with one field
 * changed. {@code -Dpmem4j.fsck.corruptions=20000} tries more than the suite has time for, {@code
 * -Dpmem4j.fsck.from=N} begins with another seed; target/fsck-agreement.txt lists each difference
 * with the problem numbers of e2fsck and the reason.
 */
class FsckAgreementTest {
  private static final int CORRUPTIONS = Integer.getInteger("pmem4j.fsck.corruptions", 240);
  private static final int FIRST_SEED = Integer.getInteger("pmem4j.fsck.from", 0);

  /** The least part of corruptions without any difference, percent. */
  private static final int EQUAL_PERCENT = 80;

  private Path directory;
  private String e2fsck;
  private E2fsckJudge judge;

  @BeforeEach
  void tools() throws IOException {
    e2fsck = JudgedImages.tool("e2fsck");
    assumeTrue(e2fsck != null && JudgedImages.tool("debugfs") != null, "needs e2fsprogs");
    Path memory = Path.of("/dev/shm");
    directory =
        Files.createTempDirectory(Files.isWritable(memory) ? memory : Path.of("/tmp"), "fsck");
    judge = new E2fsckJudge(directory);
  }

  @AfterEach
  void remove() throws IOException {
    if (directory != null) {
      try (var files = Files.list(directory)) {
        for (Path each : files.toList()) {
          Files.delete(each);
        }
      }
      Files.delete(directory);
    }
  }

  /** An image in a file for e2fsck and in memory for the check, which gets one field changed. */
  private final class Corruptible implements AutoCloseable {
    private final Shape shape;
    private final byte[] pristine;
    private final Path file;
    private final RandomAccessFile open;
    private final HeapMemory memory;
    private final CorruptedField.Places places;

    Corruptible(Shape shape) throws IOException, InterruptedException {
      this.shape = shape;
      this.pristine = JudgedImages.make(shape, directory);
      this.file = Files.write(directory.resolve(shape + ".image"), pristine);
      this.open = new RandomAccessFile(file.toFile(), "rw");
      this.memory = new HeapMemory(pristine.length, Granularity.CACHE_LINE);
      this.places = new CorruptedField.Places(pristine);
      memory.copy(0, pristine, 0, pristine.length);
    }

    Agreement agreement() throws IOException, InterruptedException {
      return new Agreement(memory, judge.judge(e2fsck, file));
    }

    private void write(int offset, byte[] bytes, int from, int count) throws IOException {
      open.seek(offset);
      open.write(bytes, from, count);
      memory.copy(offset, bytes, from, count);
    }

    Agreement with(CorruptedField field) throws IOException, InterruptedException {
      write(field.offset(), field.bytes(), 0, field.bytes().length);
      Agreement agreement = agreement();
      write(field.offset(), pristine, field.offset(), field.bytes().length);
      return agreement;
    }

    @Override
    public void close() throws IOException {
      open.close();
    }
  }

  /** The result of a run of corruptions. */
  private static final class Tally {
    private final Map<String, Integer> verdicts = new TreeMap<>();
    private final Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
    private final List<String> lines = new ArrayList<>();
    private final List<String> unexplained = new ArrayList<>();
    private int equal;

    void add(String what, Agreement agreement) {
      verdicts.merge(
          agreement.verdict() + (agreement.isSameVerdict() ? " in both" : " here only"),
          1,
          Integer::sum);
      if (agreement.reasons().isEmpty()) {
        equal++;
        return;
      }
      for (Reason each : agreement.reasons()) {
        reasons.merge(each, 1, Integer::sum);
      }
      String line = what + ": " + agreement.reasons() + " " + agreement;
      lines.add(line);
      if (agreement.reasons().contains(Reason.UNEXPLAINED)) {
        unexplained.add(line);
      }
    }

    void write(int tried) throws IOException {
      List<String> report = new ArrayList<>();
      report.add("%d corruptions, %d without a difference, %s".formatted(tried, equal, verdicts));
      reasons.forEach((reason, n) -> report.add(n + " " + reason + ": " + reason.words()));
      report.addAll(lines);
      Files.createDirectories(Path.of("target"));
      Files.write(Path.of("target", "fsck-agreement-" + FIRST_SEED + ".txt"), report);
    }
  }

  private static CorruptedField u16(long offset, long value) {
    byte[] bytes = {(byte) value, (byte) (value >> 8)};
    return new CorruptedField(ImageStructure.INODE, (int) offset, bytes);
  }

  /** Fields whose change is one finding of a known kind, for e2fsck as for the check. */
  private static Map<Kind, CorruptedField> chosen(CheckedImage image) {
    RawInode root = image.inode(CheckedImage.ROOT_INO);
    GroupDescriptor group = image.descriptor(0);
    long entry = image.at(root.block(0)) + 2 * DirEntry.bytesFor(1);
    RawInode deep = image.inode(13);
    long attributes = image.at(deep.fileAcl());
    Map<Kind, CorruptedField> fields = new EnumMap<>(Kind.class);
    fields.put(Kind.TOTAL_FREE_COUNT, u16(1024 + 16, 1));
    fields.put(Kind.FREE_COUNT, u16(group.offset() + 14, 1));
    fields.put(Kind.DIRECTORY_COUNT, u16(group.offset() + 16, 1));
    fields.put(Kind.INODE_PADDING, u16(image.at(group.inodeBitmap() + 1) - 2, 0xff7f));
    fields.put(Kind.LEAKED_INODE, u16(image.at(group.inodeBitmap()) + 6, 0x80));
    fields.put(Kind.LINKS_TOO_HIGH, u16(root.offset() + 26, 9));
    fields.put(Kind.SECTORS, u16(deep.offset() + 28, 2));
    fields.put(Kind.SHARED_BLOCK, u16(deep.offset() + 44, deep.block(0)));
    fields.put(Kind.WRONG_TYPE, u16(entry + 6, 0x010a));
    fields.put(Kind.BAD_NAME, u16(entry + 9, '/' << 8 | '/'));
    fields.put(Kind.BAD_PARENT, u16(image.at(image.inode(11).block(0)) + 12, 12));
    fields.put(Kind.ATTRIBUTE_REFERENCES_TOO_HIGH, u16(attributes + 4, 2));
    fields.put(Kind.BAD_ATTRIBUTES, u16(attributes + 32 + 12, 1));
    fields.put(Kind.DELETION_TIME, u16(deep.offset() + 20, 0x7fff));
    return fields;
  }

  @Test
  void chosenFieldsAreFoundByTheirKind() throws Exception {
    try (Corruptible image = new Corruptible(Shape.SMALL_BLOCKS)) {
      for (var each : chosen(image.places.image()).entrySet()) {
        Agreement agreement = image.with(each.getValue());
        assertThat(agreement.findings())
            .as("%s: %s", each, agreement)
            .anyMatch(finding -> finding.kind() == each.getKey());
        assertThat(agreement.reasons()).as("%s: %s", each, agreement).isEmpty();
      }
    }
  }

  /**
   * A backup of the superblock goes with the descriptors of the second group of each meta block
   * group.
   */
  @Test
  void descriptorsOfMetaGroupsHaveABackup() throws Exception {
    try (Corruptible image = new Corruptible(Shape.META_GROUPS)) {
      assertThat(image.agreement().findings()).isEmpty();
      CheckedImage checked = image.places.image();
      long last = checked.descriptor(checked.groups - 1).offset();
      assertThat(last).isGreaterThan(checked.at(32 * 256));
      Agreement agreement = image.with(u16(last, 0xffff));
      assertThat(agreement.findings())
          .as("%s", agreement)
          .extracting(ImageFinding::kind)
          .containsExactly(Kind.BAD_DESCRIPTOR);
      assertThat(agreement.reasons()).as("%s", agreement).isSubsetOf(Reason.STALE_BACKUP);
    }
  }

  /**
   * A superblock read as attributes has an entry without a name, whose value is in the inode that
   * {@code s_frags_per_group} names. e2fsck asks for a flag of ext4 there, and ends when it counts
   * the references of a block whose header it was not to clear.
   */
  @Test
  void aSuperblockAsAttributesIsDamageInBoth() throws Exception {
    try (Corruptible image = new Corruptible(Shape.META_GROUPS)) {
      RawInode reserved = image.places.image().inode(10);
      Agreement agreement = image.with(u16(reserved.offset() + 104, 1));
      assertThat(agreement.findings())
          .as("%s", agreement)
          .extracting(ImageFinding::kind)
          .contains(Kind.BAD_ATTRIBUTES, Kind.SHARED_BLOCK);
      assertThat(agreement.toString()).contains("010085 010086");
      assertThat(agreement.reasons()).as("%s", agreement).containsExactly(Reason.E2FSCK_ENDS);
    }
  }

  @Test
  void changedFieldsAreFoundAsE2fsckFindsThem() throws Exception {
    List<Corruptible> images = new ArrayList<>();
    Tally tally = new Tally();
    try {
      for (Shape shape : Shape.values()) {
        Corruptible image = new Corruptible(shape);
        images.add(image);
        Agreement pristine = image.agreement();
        assertThat(pristine.findings()).as("%s", shape).isEmpty();
        assertThat(pristine.isSameVerdict()).as("%s: %s", shape, pristine).isTrue();
      }
      for (int seed = FIRST_SEED; seed < FIRST_SEED + CORRUPTIONS; seed++) {
        Corruptible image = images.get(seed % images.size());
        CorruptedField field = image.places.draw(new SplittableRandom(seed), image.pristine);
        try {
          tally.add("seed " + seed + ", " + image.shape + ", " + field, image.with(field));
        } catch (RuntimeException e) {
          throw new AssertionError("seed " + seed + ", " + image.shape + ", " + field, e);
        }
      }
    } finally {
      for (Corruptible each : images) {
        each.close();
      }
    }
    tally.write(CORRUPTIONS);
    assertThat(tally.unexplained).isEmpty();
    assertThat(tally.equal).isGreaterThan(CORRUPTIONS * EQUAL_PERCENT / 100);
  }
}
