// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.Granularity;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A field of an image that gets another value.
 *
 * @param structure the structure that it is drawn from
 * @param offset its first byte
 * @param bytes the value, in the order of the medium
 */
public record CorruptedField(ImageStructure structure, int offset, byte[] bytes) {
  private record Field(int offset, int bytes) {}

  /** Returns the fields of an image that a corruption may be drawn from, by structure. */
  public static final class Places {
    private final CheckedImage image;
    private final List<List<Field>> fields = new ArrayList<>();
    private final List<Integer> blocks = new ArrayList<>();

    /** Reads the places of an image without findings. */
    public Places(byte[] pristine) {
      HeapMemory memory = new HeapMemory(pristine.length, Granularity.CACHE_LINE);
      memory.copy(0, pristine, 0, pristine.length);
      SuperblockFields superblock = new SuperblockFields(memory, Superblock.PRIMARY_OFFSET);
      image =
          new CheckedImage(
              superblock,
              finding -> {
                throw new AssertionError(finding);
              });
      InodePass.run(image);
      for (int i = 0; i < ImageStructure.values().length; i++) {
        fields.add(new ArrayList<>());
      }
      layout(ImageStructure.SUPERBLOCK, Superblock.LAYOUT, Superblock.PRIMARY_OFFSET);
      for (int group = 0; group < image.groups; group++) {
        GroupDescriptor descriptor = image.descriptor(group);
        layout(ImageStructure.GROUP_DESCRIPTOR, GroupDescriptor.LAYOUT, descriptor.offset());
        long blocksOfGroup = superblock.groupLast(group) - superblock.groupFirst(group);
        bitmap(ImageStructure.BLOCK_BITMAP, descriptor.blockBitmap(), blocksOfGroup);
        bitmap(ImageStructure.INODE_BITMAP, descriptor.inodeBitmap(), image.inodesPerGroup());
      }
      for (int ino = 1; ino <= image.inodes(); ino++) {
        if (image.used.get(ino) || ino % 29 == 0) {
          inode(ino);
        }
      }
    }

    private void add(ImageStructure structure, long offset, int bytes) {
      fields.get(structure.ordinal()).add(new Field((int) offset, bytes));
    }

    private void layout(ImageStructure structure, StructLayout layout, long base) {
      long at = base;
      for (MemoryLayout each : layout.memberLayouts()) {
        long size = each.byteSize();
        if (!each.name().orElse("").equals("s_reserved")) {
          for (long part = 0; part < size; part += Math.min(size, 4)) {
            add(structure, at + part, (int) Math.min(size, 4));
          }
        }
        at += size;
      }
    }

    private void bitmap(ImageStructure structure, long block, long bits) {
      long bytes = Math.min(bits / Byte.SIZE + 4, image.blockBytes);
      for (long i = 0; i < bytes; i += 1 + bytes / 16) {
        add(structure, image.at(block) + i, 1);
      }
      add(structure, image.at(block), 1);
    }

    private void inode(int ino) {
      RawInode inode = image.inode(ino);
      layout(ImageStructure.INODE, RawInode.LAYOUT, inode.offset());
      if (image.superblock.inodeBytes() > RawInode.GOOD_OLD_BYTES) {
        add(ImageStructure.INODE, inode.offset() + RawInode.GOOD_OLD_BYTES, 2);
        long body = inode.offset() + 160;
        for (int i = 0; image.u32(body) == 0xEA020000L && i < 96; i += 2) {
          add(ImageStructure.ATTRIBUTE_BLOCK, body + i, 2);
        }
      }
      if (!image.used.get(ino)) {
        return;
      }
      for (int i = 0; i < RawInode.N_BLOCKS; i++) {
        add(ImageStructure.BLOCK_POINTER, inode.offset() + 40 + 4L * i, 4);
      }
      if (inode.fileAcl() != 0) {
        attributes(image.at(inode.fileAcl()));
      }
      if (ino >= image.firstIno() && InodeFields.hasBlocks(inode)) {
        BlockTree.walk(image, inode, new Collector(ino));
      }
    }

    private void attributes(long at) {
      for (int i = 0; i < 20; i += 4) {
        add(ImageStructure.ATTRIBUTE_BLOCK, at + i, 4);
      }
      for (int i = 32; i < 96; i += 2) {
        add(ImageStructure.ATTRIBUTE_BLOCK, at + i, i % 16 < 2 ? 1 : 2);
      }
      add(ImageStructure.ATTRIBUTE_BLOCK, at + image.blockBytes - 4, 2);
    }

    private final class Collector implements BlockTree.Visitor {
      private final int ino;

      Collector(int ino) {
        this.ino = ino;
      }

      @Override
      public boolean indirect(long block, long slot, boolean inInode) {
        for (int i = 0; i < image.pointersPerBlock(); i += 13) {
          add(ImageStructure.BLOCK_POINTER, image.at(block) + 4L * i, 4);
        }
        return true;
      }

      @Override
      public void data(long block, long slot, long fileBlock) {
        blocks.add((int) block);
        if (!image.directories.get(ino)) {
          return;
        }
        int at = 0;
        for (int i = 0; at < image.blockBytes && i < 12; i++) {
          long entry = image.at(block) + at;
          add(ImageStructure.DIRECTORY, entry, 4);
          add(ImageStructure.DIRECTORY, entry + 4, 2);
          add(ImageStructure.DIRECTORY, entry + 6, 1);
          add(ImageStructure.DIRECTORY, entry + 7, 1);
          add(ImageStructure.DIRECTORY, entry + 8, 1);
          at += new DirEntry(image.memory, entry).recLen();
        }
      }
    }

    /** Returns the first bytes of the fields of a structure. */
    public IntStream offsets(ImageStructure structure) {
      return fields.get(structure.ordinal()).stream().mapToInt(Field::offset);
    }

    /** Returns the first bytes of the descriptors of the groups. */
    public IntStream descriptors() {
      return IntStream.range(0, image.groups).map(i -> (int) image.descriptor(i).offset());
    }

    /** Returns the image that the places are of. */
    CheckedImage image() {
      return image;
    }

    /** Draws a corruption that changes something. */
    public CorruptedField draw(SplittableRandom random, byte[] pristine) {
      while (true) {
        ImageStructure structure =
            ImageStructure.values()[random.nextInt(ImageStructure.values().length)];
        List<Field> of = fields.get(structure.ordinal());
        if (of.isEmpty()) {
          continue;
        }
        Field field = of.get(random.nextInt(of.size()));
        long old = 0;
        for (int i = field.bytes - 1; i >= 0; i--) {
          old = old << 8 | Byte.toUnsignedLong(pristine[field.offset + i]);
        }
        long value = value(random, old) & (1L << 8 * field.bytes) - 1;
        if (value == old) {
          continue;
        }
        byte[] bytes = new byte[field.bytes];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (value >> 8 * i);
        }
        return new CorruptedField(structure, field.offset, bytes);
      }
    }

    private long value(SplittableRandom random, long old) {
      return switch (random.nextInt(9)) {
        case 0 -> 0;
        case 1 -> -1;
        case 2 -> old + 1;
        case 3 -> old - 1;
        case 4, 5 -> old ^ 1L << random.nextInt(32);
        case 6 -> random.nextInt(64);
        case 7 -> blocks.get(random.nextInt(blocks.size()));
        default -> random.nextInt();
      };
    }
  }

  @Override
  public String toString() {
    return structure + " at byte " + offset + ": " + java.util.HexFormat.of().formatHex(bytes);
  }
}
