// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.crash.StoreTrace;
import io.pmem4j.crash.TraceEvent;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.image.DescriptorOffsets;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Crash states of a trace made whole where a crash has torn what ext2 stores between two fences. It
 * stores the halves of a size so, which are two words, and a new block of pointers with what leads
 * to it. A block is new if the pointer to it was stored after the last fence before the crash. Used
 * by one thread.
 */
final class TornStates {
  private static final int PAGE = ImageContent.PAGE_BYTES;

  /** The first pointer of {@code i_block} that leads to a block of pointers. */
  private static final int INDIRECT = 12;

  private static final int I_BLOCK = offsetOf("i_block");
  private static final int I_SIZE = offsetOf("i_size");
  private static final int I_SIZE_HIGH = offsetOf("i_dir_acl");

  private static final int FORMAT = 0170000;
  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;

  private final List<TraceEvent> events;
  private final byte[] first;

  /** The place of each page of the image in the states, in bytes; less than 0 for others. */
  private final long[] places;

  /** The places of the inodes in the states. */
  private final int[] inodes;

  private final int blockBytes;

  /**
   * Finds the inodes of an image.
   *
   * @param image as it was mounted
   * @param first the pages before the first event
   */
  TornStates(FsImage image, long fsBytes, TracedPages pages, byte[] first, StoreTrace trace)
      throws IOException {
    this.events = trace.events();
    this.first = first;
    List<Integer> numbers = pages.pages();
    places = new long[numbers.isEmpty() ? 0 : numbers.getLast() + 1];
    Arrays.fill(places, -1);
    for (int i = 0; i < numbers.size(); i++) {
      places[numbers.get(i)] = (long) i * PAGE;
    }
    MapSpec spec = MapSpec.existing().slice(FsImage.OFFSET_BYTES, fsBytes);
    try (Arena arena = Arena.ofConfined()) {
      PersistentMemory memory = Pmem.map(image.path(), spec, arena);
      Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
      Geometry geometry = Geometry.validated(superblock, memory.byteSize());
      blockBytes = geometry.blockBytes();
      inodes = inodes(memory, geometry);
    } catch (Ext2Exception e) {
      throw new IOException(image.path() + ": " + e.getMessage(), e);
    }
  }

  private static int offsetOf(String field) {
    return (int) RawInode.LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement(field));
  }

  private int[] inodes(PersistentMemory memory, Geometry geometry) {
    int[] found = new int[16];
    int count = 0;
    DescriptorOffsets descriptors = new DescriptorOffsets(memory::getInt);
    for (int group = 0; group < geometry.groupsCount(); group++) {
      long table =
          geometry.offsetOf(new GroupDescriptor(memory, descriptors.of(group)).inodeTable());
      for (int i = 0; i < geometry.inodesPerGroup(); i++) {
        int place = placeOf(table + (long) i * geometry.inodeSize());
        if (place >= 0) {
          found = count == found.length ? Arrays.copyOf(found, 2 * count) : found;
          found[count++] = place;
        }
      }
    }
    return Arrays.copyOf(found, count);
  }

  /** Returns the place in the states of an offset in the image; less than 0 if it has none. */
  private int placeOf(long offset) {
    long page = offset / PAGE;
    return page >= places.length || places[(int) page] < 0
        ? -1
        : Math.toIntExact(places[(int) page] + offset % PAGE);
  }

  /**
   * Returns a crash state in which each size with an old and a new half is the new one, and
   * everything else as it was.
   *
   * @param fences the number of fences before the crash
   */
  byte[] withWholeSizes(byte[] state, long fences) {
    return completion(state, fences).sizes();
  }

  /**
   * Returns a crash state in which each new block of pointers is as the kernel had stored it, and
   * everything else as it was.
   *
   * @param fences the number of fences before the crash
   */
  byte[] withNewTrees(byte[] state, long fences) {
    return completion(state, fences).trees();
  }

  private Completion completion(byte[] state, long fences) {
    byte[] before = first.clone();
    int next = repeat(0, fences, before);
    byte[] after = before.clone();
    repeat(next, 1, after);
    return new Completion(state, before, after);
  }

  /** Repeats stores up to a number of fences, and returns the event behind the last one. */
  private int repeat(int from, long fences, byte[] memory) {
    long left = fences;
    int event = from;
    for (; event < events.size() && left > 0; event++) {
      TraceEvent each = events.get(event);
      if (each.kind() == TraceEvent.Kind.STORE) {
        byte[] bytes = each.bytes();
        System.arraycopy(bytes, 0, memory, Math.toIntExact(each.offset()), bytes.length);
      } else if (each.kind() == TraceEvent.Kind.DRAIN) {
        left--;
      }
    }
    return event;
  }

  /** A walk through the inodes of one state. */
  private final class Completion {
    private final ByteBuffer state;
    private final ByteBuffer before;
    private final ByteBuffer after;
    private final byte[] whole;

    Completion(byte[] state, byte[] before, byte[] after) {
      this.state = ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN);
      this.before = ByteBuffer.wrap(before).order(ByteOrder.LITTLE_ENDIAN);
      this.after = ByteBuffer.wrap(after).order(ByteOrder.LITTLE_ENDIAN);
      this.whole = state.clone();
    }

    byte[] sizes() {
      for (int inode : inodes) {
        long size = size(state, inode);
        long old = size(before, inode);
        long stored = size(after, inode);
        boolean torn = size != old && size != stored;
        if (torn && (size == mixed(old, stored) || size == mixed(stored, old))) {
          ByteBuffer all = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
          all.putInt(inode + I_SIZE, (int) stored);
          all.putInt(inode + I_SIZE_HIGH, (int) (stored >>> Integer.SIZE));
        }
      }
      return whole;
    }

    private static long size(ByteBuffer memory, int inode) {
      return mixed(
          (long) memory.getInt(inode + I_SIZE_HIGH) << Integer.SIZE, memory.getInt(inode + I_SIZE));
    }

    /** Returns the size with the high half of one and the low half of another. */
    private static long mixed(long high, long low) {
      return high >>> Integer.SIZE << Integer.SIZE | Integer.toUnsignedLong((int) low);
    }

    byte[] trees() {
      for (int inode : inodes) {
        int format = state.getShort(inode) & FORMAT;
        if (format == REGULAR || format == DIRECTORY) {
          for (int i = INDIRECT; i < RawInode.N_BLOCKS; i++) {
            pointer(inode + I_BLOCK + i * Integer.BYTES, i - INDIRECT + 1);
          }
        }
      }
      return whole;
    }

    /**
     * Follows a pointer of the state.
     *
     * @param place where it lies
     * @param depth of the tree below; at 1 its block leads to data
     */
    private void pointer(int place, int depth) {
      int block = state.getInt(place);
      if (block == 0 || block != after.getInt(place)) {
        return;
      }
      int target = placeOf(Integer.toUnsignedLong(block) * blockBytes);
      if (target < 0) {
        return;
      }
      if (block != before.getInt(place)) {
        complete(target, depth);
      } else if (depth > 1) {
        for (int at = target; at < target + blockBytes; at += Integer.BYTES) {
          pointer(at, depth - 1);
        }
      }
    }

    private void complete(int target, int depth) {
      for (int at = target; at < target + blockBytes; at += Integer.BYTES) {
        int block = after.getInt(at);
        if (block == before.getInt(at)) {
          continue; // stored before the last fence, so that no crash can lose it
        }
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(at, block);
        int inner = placeOf(Integer.toUnsignedLong(block) * blockBytes);
        if (depth > 1 && block != 0 && inner >= 0) {
          complete(inner, depth - 1);
        }
      }
    }
  }
}
