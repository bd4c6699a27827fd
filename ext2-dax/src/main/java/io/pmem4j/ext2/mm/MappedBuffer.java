// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** A range of a mapping; copied page by page, up to the first byte that faults for good. */
final class MappedBuffer implements UserBuffer {
  private final UserAccess access;
  private final Vma vma;
  private final long offset;
  private final int length;

  MappedBuffer(UserAccess access, Vma vma, long offset, int length) {
    this.access = access;
    this.vma = vma;
    this.offset = offset;
    this.length = length;
  }

  @Override
  public int length() {
    return length;
  }

  private interface Piece {
    void copy(long offsetInMapping, int done, int length);
  }

  /**
   * A system call that meets what would kill a program stops there. When the fast copy from a
   * buffer has failed, the kernel copies the rest byte by byte, and so asks for the page once more.
   */
  private int copy(int at, int bytes, int attempts, Piece piece) {
    int done = 0;
    int failures = 0;
    while (done < bytes) {
      long there = offset + at + done;
      int now = UserAccess.withinPage(vma.start() + there, bytes - done);
      try {
        piece.copy(there, done, now);
        done += now;
      } catch (SignalException e) {
        if (++failures == attempts) {
          break;
        }
      }
    }
    return done;
  }

  @Override
  public int copyFrom(int from, PersistentMemory memory, long address, int bytes) {
    return copy(
        from,
        bytes,
        2,
        (there, done, now) -> memory.copy(address + done, access.load(vma, there, now), 0, now));
  }

  /**
   * {@code copy_to_nontemporal} of Linux 6.12. A page is copied when its successor can be read, as
   * the last words before one that cannot may be left.
   */
  @Override
  public int copyFrom(int from, PersistentMemory memory, long address, int bytes, int unit) {
    if (unit == 1) {
      return copyFrom(from, memory, address, bytes);
    }
    int done = 0;
    boolean readable = canRead(from, 0, bytes);
    while (readable && done < bytes) {
      long there = offset + from + done;
      int now = UserAccess.withinPage(vma.start() + there, bytes - done);
      readable = canRead(from, done + now, bytes);
      int whole = readable ? now : StoppedCopy.length(address, done + now, bytes) - done;
      memory.copy(address + done, access.load(vma, there, now), 0, whole);
      done += whole;
    }
    return done;
  }

  /** Tells if the byte after {@code done} can be read, or there is none. */
  private boolean canRead(int from, int done, int bytes) {
    if (done == bytes) {
      return true;
    }
    try {
      access.load(vma, offset + from + done, 1);
      return true;
    } catch (SignalException e) {
      return false;
    }
  }

  @Override
  public int copyTo(int to, PersistentMemory memory, long address, int bytes) {
    return copy(
        to,
        bytes,
        1,
        (there, done, now) -> {
          byte[] page = new byte[now];
          MemorySegment.copy(memory.segment(), ValueLayout.JAVA_BYTE, address + done, page, 0, now);
          access.store(vma, there, page);
        });
  }

  @Override
  public int load(int from, byte[] target, int at, int bytes) {
    return copy(
        from,
        bytes,
        1,
        (there, done, now) ->
            System.arraycopy(access.load(vma, there, now), 0, target, at + done, now));
  }

  @Override
  public int store(int to, byte[] source, int at, int bytes) {
    return copy(
        to,
        bytes,
        1,
        (there, done, now) ->
            access.store(vma, there, Arrays.copyOfRange(source, at + done, at + done + now)));
  }

  /**
   * {@code __clear_user} stores units from the first byte on, and bytes only at the end: a unit
   * that reaches into a page that cannot be stored to is not stored at all.
   */
  @Override
  public int zero(int to, int bytes, int unit) {
    int words = bytes & -unit;
    int done = 0;
    while (done < bytes) {
      long there = offset + to + done;
      int now = UserAccess.withinPage(vma.start() + there, bytes - done);
      int whole = done + now < words ? ((done + now) & -unit) - done : now;
      try {
        access.store(vma, there, new byte[whole]);
        done += whole;
        if (whole < now) {
          // The word that straddles the pages: its second page faults before any byte is stored.
          access.allowStore(vma, there + whole);
          access.allowStore(vma, there + now);
          access.store(vma, there + whole, new byte[unit]);
          done += unit;
        }
      } catch (SignalException e) {
        break;
      }
    }
    return done;
  }
}
