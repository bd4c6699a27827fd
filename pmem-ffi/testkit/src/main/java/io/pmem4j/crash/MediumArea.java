// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

/** A part of a medium: the content of a file, its length, or a folder. */
final class MediumArea {
  private static final long ALIGNMENT = 4096;

  /** The area during the run. */
  private final RecordedMemory recorded;

  /** The offset in the states and the room there, once the run has ended. */
  private long base;

  private long room;

  /** The bytes that the run has ever used. */
  long used;

  MediumArea(RecordedMemory recorded, long used) {
    this.recorded = recorded;
    this.used = used;
  }

  /** Ends the run; returns the offset after this area. */
  long place(long offset, long spare) {
    base = offset;
    room = (used + spare + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return base + room;
  }

  long base() {
    return base;
  }

  /** Returns the bytes that the area can have in a state, or in the run. */
  long room(boolean inState) {
    return inState ? room : recorded.byteSize();
  }

  /** Returns the area of a state, or that of the run if the state is the recording. */
  ObservedMemory in(ObservedMemory medium) {
    return medium instanceof RecordedMemory ? recorded : (ObservedMemory) medium.slice(base, room);
  }
}
