// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageStructure;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.lock.LockOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Runs of one thread: an image is changed as an input says, checked, mounted, walked, changed and
 * unmounted. A run ends in an unchecked exception if any of that does, or stores where it must not:
 * a check, a refused mount and a read-only one nowhere; a walk that keeps no access times only to
 * the superblock; nothing over geometry and descriptors, unless what was damaged leads there.
 *
 * <p>An input is a byte that chooses the image and its options, three bytes that choose the
 * changes, and records. A record is three bytes of offset and a byte whose low three bits are a
 * length less one, whose next two a kind: bytes, twice; a block that is copied over the one at the
 * offset, two bytes of its number; a block filled with the two bytes.
 */
final class FuzzedRun {
  static final int HEADER = 4;
  static final int RECORD_HEADER = 4;
  static final int COPY = 2 << 3;
  static final int FILL = 3 << 3;

  /** The bit among those of the changes for what takes long: the order of locks, all extents. */
  static final int CHECKED_LOCKS = 1 << 23;

  static final FuzzedImage[] IMAGES = FuzzedImage.values();

  static final String[] OPTIONS = {
    "dax,oldalloc,noreservation,noatime",
    "noatime",
    "ordered",
    "dax,acl,user_xattr,errors=remount-ro",
    "orlov,sync,noatime",
    "nouid32,minixdf,grpid",
    "ro",
    "dax,strictatime,dirsync",
    "dax,noatime,ordered,errors=continue",
    "sb=257,noatime"
  };

  /** Fields of the superblock that no mount changes, by first byte and length. */
  private static final int[][] GEOMETRY = {{0, 8}, {20, 24}, {56, 2}};

  private static final int PLACES_OF_DESCRIPTOR = 12;
  private static final int KIB_BITS = 10;

  private static final Instrumentation SURROUNDINGS =
      Instrumentation.production()
          .withClock(() -> ImageFixture.BASE_SECOND)
          .withGenerationBase(ImageFixture.GENERATION_BASE)
          .withAllocatorPid(() -> ImageFixture.PID)
          .withTopDirectoryStart(() -> 0)
          .withCachePages(64);

  private static final Instrumentation UNCHECKED_LOCKS =
      SURROUNDINGS.withVariation(
          new Variation() {
            @Override
            public <T> T part(Class<T> type, T standard) {
              return type == LockOrder.class
                  ? type.cast(LockOrder.MERGED.unchecked())
                  : super.part(type, standard);
            }
          });

  private final Attempts attempts = new Attempts();
  private final Map<FuzzedImage, Subject> subjects = new EnumMap<>(FuzzedImage.class);
  private int mounts;

  /** An image in memory, and its parts of 1 KiB that lead to no block. */
  private final class Subject {
    final FuzzedImage image;
    final RestoredMemory memory;
    final FuzzedUse use;
    final boolean[] leadsNowhere;

    Subject(FuzzedImage image) {
      this.image = image;
      this.memory = new RestoredMemory(image.bytes());
      this.use = new FuzzedUse(image, attempts);
      this.leadsNowhere = new boolean[(image.bytes().length >> KIB_BITS) + 1];
      for (ImageStructure each :
          new ImageStructure[] {ImageStructure.INODE_BITMAP, ImageStructure.DIRECTORY}) {
        image.places().offsets(each).forEach(at -> leadsNowhere[at >> KIB_BITS] = true);
      }
    }
  }

  /** Makes one run. */
  void run(byte[] input) {
    if (input.length < HEADER) {
      return;
    }
    int choice = input[0] & 0xff;
    Subject subject = subjects.computeIfAbsent(IMAGES[choice % IMAGES.length], Subject::new);
    String options = OPTIONS[choice / IMAGES.length % OPTIONS.length];
    int changes = (input[1] & 0xff) | (input[2] & 0xff) << 8 | (input[3] & 0xff) << 16;
    damage(subject, input);
    int[] damaged = subject.memory.forgetStores();
    try {
      attempts.of(() -> ImageCheck.of(subject.memory));
      requireNoStore(subject, "a check");
      use(subject, options, changes);
      if (Arrays.stream(damaged).allMatch(part -> subject.leadsNowhere[part])) {
        requireGeometry(subject);
      }
    } finally {
      subject.memory.restore(damaged);
    }
  }

  private static void damage(Subject subject, byte[] input) {
    RestoredMemory memory = subject.memory;
    int size = subject.image.bytes().length;
    int block = subject.image.block();
    int at = HEADER;
    while (at + RECORD_HEADER < input.length) {
      int offset = (input[at] & 0xff) | (input[at + 1] & 0xff) << 8 | (input[at + 2] & 0xff) << 16;
      int length = 1 + (input[at + 3] & 7);
      int kind = input[at + 3] & FILL;
      at += RECORD_HEADER;
      if (kind < COPY) {
        for (int i = 0; i < length && at < input.length; i++) {
          memory.putByte((offset + i) % size, input[at++]);
        }
      } else if (at + 1 < input.length) {
        int value = (input[at] & 0xff) | (input[at + 1] & 0xff) << 8;
        int to = offset % size / block * block;
        at += 2;
        if (kind == COPY) {
          memory.copy(to, subject.image.bytes(), value % (size / block) * block, block);
        } else {
          for (int i = 0; i < block; i += 4) {
            memory.putInt(to + i, value);
          }
        }
      }
    }
  }

  private void use(Subject subject, String options, int changes) {
    Ext2FileSystem[] mounted = new Ext2FileSystem[1];
    boolean checked = (changes & CHECKED_LOCKS) != 0;
    attempts.of(() ->
        mounted[0] =
            Ext2FileSystem.mount(
                subject.memory,
                MountOptions.parse(options),
                checked ? SURROUNDINGS : UNCHECKED_LOCKS));
    Ext2FileSystem fs = mounted[0];
    if (fs == null) {
      if (options.equals("ro")) {
        requireNoStore(subject, "a read-only mount that is refused");
      }
      requireSuperblockOnly(subject, options, "a mount that is refused");
      return;
    }
    mounts++;
    try {
      subject.use.walk(fs, checked);
      if (options.contains("noatime")) {
        requireSuperblockOnly(subject, options, "a walk");
      }
      subject.use.change(fs, changes);
      fs.use();
      requireLines(fs.errors());
      attempts.of(fs::unmount);
    } catch (FileSystemPanic e) {
      if (!fs.options().contains("errors=panic")) {
        throw e;
      }
    }
    if (options.equals("ro") && (changes & FuzzedUse.REMOUNT) == 0) {
      requireNoStore(subject, "a read-only mount");
    }
  }

  private static void requireLines(List<String> messages) {
    for (String each : messages) {
      if (each.isBlank() || each.contains("\n")) {
        throw new IllegalStateException("an error is no line: " + each);
      }
    }
  }

  private static void requireNoStore(Subject subject, String what) {
    if (subject.memory.storedParts() != 0) {
      throw new IllegalStateException(what + " stored at " + subject.memory.storedPart(0));
    }
  }

  private static void requireSuperblockOnly(Subject subject, String options, String what) {
    int superblock =
        options.startsWith("sb=257") ? 257 << KIB_BITS : (int) Superblock.PRIMARY_OFFSET;
    for (int i = 0; i < subject.memory.storedParts(); i++) {
      if (subject.memory.storedPart(i) != superblock) {
        throw new IllegalStateException(what + " stored at " + subject.memory.storedPart(i));
      }
    }
  }

  private static void requireGeometry(Subject subject) {
    for (int[] field : GEOMETRY) {
      requireEqual(subject, (int) Superblock.PRIMARY_OFFSET + field[0], field[1]);
    }
    subject
        .image
        .places()
        .descriptors()
        .forEach(at -> requireEqual(subject, at, PLACES_OF_DESCRIPTOR));
  }

  private static void requireEqual(Subject subject, int at, int length) {
    for (int i = at; i < at + length; i++) {
      if (subject.memory.getByte(i) != subject.image.bytes()[i]) {
        throw new IllegalStateException("a store over geometry or a descriptor, byte " + i);
      }
    }
  }

  /** Returns the number of runs whose image was mounted. */
  int mounts() {
    return mounts;
  }

  Attempts attempts() {
    return attempts;
  }
}
