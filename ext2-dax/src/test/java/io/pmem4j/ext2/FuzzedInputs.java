// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.check.CorruptedField;
import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;

/**
 * Inputs of {@link FuzzedRun} by seed. Most change fields that the layout knows; others bytes of
 * the first blocks or of any, or copy and fill whole blocks.
 */
final class FuzzedInputs {
  private static final int MOST_RECORDS = 5;
  private static final int METADATA_BYTES = 20 << 10;
  private static final int[] FILLERS = {0, 1, 2, 0xffff, 0x8000, 11, 40};

  private FuzzedInputs() {}

  static byte[] input(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    FuzzedImage image = FuzzedRun.IMAGES[random.nextInt(FuzzedRun.IMAGES.length)];
    boolean backup = image.size() > 500 << 10;
    int option = random.nextInt(FuzzedRun.OPTIONS.length - (backup ? 0 : 1));
    // One change in four, and one run in 16 with the order of locks.
    int changes = random.nextInt();
    changes &= random.nextInt();
    changes =
        random.nextInt(16) == 0
            ? changes | FuzzedRun.CHECKED_LOCKS
            : changes & ~FuzzedRun.CHECKED_LOCKS;
    ByteArrayOutputStream input = new ByteArrayOutputStream();
    input.write(option * FuzzedRun.IMAGES.length + image.ordinal());
    number(input, changes, 3);
    for (int n = 1 + random.nextInt(MOST_RECORDS) * random.nextInt(2); n > 0; n--) {
      record(input, random, image);
    }
    return input.toByteArray();
  }

  private static void number(ByteArrayOutputStream to, int value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      to.write(value >> 8 * i);
    }
  }

  private static void record(
      ByteArrayOutputStream input, SplittableRandom random, FuzzedImage image) {
    int size = image.size();
    switch (random.nextInt(10)) {
      case 0 ->
          bytes(
              input,
              random.nextInt(Math.min(METADATA_BYTES, size)),
              random.nextInt(),
              random.nextInt(4));
      case 1 -> bytes(input, random.nextInt(size), random.nextInt(), random.nextInt(4));
      case 2 -> {
        number(input, random.nextInt(size), 3);
        boolean copy = random.nextBoolean();
        input.write(copy ? FuzzedRun.COPY : FuzzedRun.FILL);
        int filler = FILLERS[random.nextInt(FILLERS.length)];
        number(
            input, copy || random.nextBoolean() ? random.nextInt(size / image.block()) : filler, 2);
      }
      default -> {
        CorruptedField field = image.places().draw(random, image.bytes());
        number(input, field.offset(), 3);
        input.write(field.bytes().length - 1);
        input.writeBytes(field.bytes());
      }
    }
  }

  private static void bytes(ByteArrayOutputStream input, int offset, int value, int more) {
    number(input, offset, 3);
    input.write(more);
    number(input, value, 1 + more);
  }
}
