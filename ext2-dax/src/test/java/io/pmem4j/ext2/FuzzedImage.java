// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.check.CorruptedField;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Small images by mke2fs and debugfs, each with every kind of file: single, double and triple
 * indirect blocks, a directory of two blocks, symbolic links of both kinds, attributes, devices.
 */
enum FuzzedImage {
  PAGES(4096, 80, "-I 128 -O ^resize_inode"),
  SMALL_BLOCKS(1024, 160, "-I 128 -O ^resize_inode"),
  MIDDLE_BLOCKS(2048, 110, "-I 256 -O ^resize_inode"),
  META_GROUPS(1024, 600, "-I 128 -g 256 -O ^resize_inode,meta_bg"),
  GROUPS(1024, 600, "-I 256 -g 256"),
  REVISION_0(1024, 160, "-r 0 -O none");

  private final int block;
  private final int blocks;
  private final String options;
  private byte @Nullable [] bytes;
  private CorruptedField.@Nullable Places places;

  FuzzedImage(int block, int blocks, String options) {
    this.block = block;
    this.blocks = blocks;
    this.options = options;
  }

  int block() {
    return block;
  }

  /** Returns the image itself, which must not be changed. */
  synchronized byte[] bytes() {
    byte[] made = bytes;
    if (made == null) {
      made = make(block, blocks, options);
      bytes = made;
    }
    return made;
  }

  /** Returns the length in bytes, without making the image. */
  int size() {
    return block * blocks;
  }

  /** Returns the fields that a corruption may be drawn from. */
  synchronized CorruptedField.Places places() {
    CorruptedField.Places read = places;
    if (read == null) {
      read = new CorruptedField.Places(bytes());
      places = read;
    }
    return read;
  }

  /** Returns the first byte past the pointers of an inode, with direct ones, and so on. */
  long reach(int indirections) {
    long pointers = block / 4;
    long reach = 12;
    for (long add = pointers; indirections-- > 0; add *= pointers) {
      reach += add;
    }
    return reach * block;
  }

  private static byte[] make(int block, int blocks, String options) {
    long pointers = block / 4;
    long triple = (12 + pointers + pointers * pointers) * block;
    boolean revision0 = options.contains("-r 0");
    String text =
        """
        PATH=$PATH:/usr/sbin:/sbin; mkdir content; cd content
        printf small > small; head -c %d /dev/zero | tr '\\0' x > large
        truncate -s %d holes; printf end >> holes
        printf double | dd of=holes bs=1 seek=%d conv=notrunc status=none
        printf single | dd of=holes bs=1 seek=%d conv=notrunc status=none
        mkdir dir empty; printf x > dir/inner; mkdir dir/deeper; printf y > dir/deeper/file
        for i in 0 1 2 3; do ln small dir/${i}%s; done
        ln -s dir/inner fast; ln -s %s slow; mkfifo pipe
        find . -exec touch -h -d @1444428128 {} +; cd ..
        mke2fs -q -F -t ext2 -U UUID -E hash_seed=UUID -b %d -N 48 %s -d content image %d
        cat > requests << END
        mknod device c 1 3
        %s
        END
        debugfs -w -f requests image > log 2>&1
        e2fsck -fn image > log 2>&1 || { cat log; exit 1; }
        """
            .formatted(
                13 * block + 100,
                triple + 5L * block,
                (12 + pointers + 7) * block,
                14 * block,
                "n".repeat(Math.min(block / 8, 240)),
                "dir/" + "./".repeat(50) + "inner",
                block,
                options,
                blocks,
                revision0
                    ? ""
                    : """
                    ea_set small user.a value
                    ea_set small trusted.b c
                    ea_set dir/inner user.long %s
                    ea_set dir user.long %s\
                    """
                        .formatted("v".repeat(200), "v".repeat(200)));
    try {
      Path folder = Files.createTempDirectory("fuzzed-image");
      ImageFixture.run(
          List.of("sh", "-ec", "cd " + folder + "\n" + text.replace("UUID", ImageFixture.UUID)));
      byte[] made = Files.readAllBytes(folder.resolve("image"));
      ImageFixture.run(List.of("rm", "-rf", folder.toString()));
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
