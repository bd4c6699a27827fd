// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * The addresses of the mappings of one process, by the names that the program gave them. A call
 * that fails may have unmapped a part of its mapping before: mremap(2) to a fixed address unmaps
 * the tail, and then refuses a mapping that lies in pieces. The kernel gives the addresses out
 * again, so the mapping that was made or moved last is the one that is there.
 */
final class MappedPlaces {
  private static final long PAGE_BYTES = OperationCodec.PAGE_BYTES;

  /** In the order in which they were made or moved. */
  private final SequencedMap<String, Place> places = new LinkedHashMap<>();

  private record Place(long base, long length, long offset) {
    boolean contains(long address) {
      return address >= base && address < base + length;
    }
  }

  /** Returns the places in a child that is forked now: later moves of either are its own. */
  MappedPlaces fork() {
    MappedPlaces child = new MappedPlaces();
    child.places.putAll(places);
    return child;
  }

  boolean has(String name) {
    return places.containsKey(name);
  }

  void put(String name, long base, long length, long offset) {
    places.putLast(name, new Place(base, roundUp(length), offset));
  }

  void move(String name, long base, long length) {
    put(name, base, length, place(name).offset());
  }

  void remove(String name) {
    places.remove(name);
  }

  long base(String name) {
    return place(name).base();
  }

  /**
   * Returns the page of the file that is mapped at an address.
   *
   * @throws IllegalArgumentException if no mapping has it
   */
  long pageIndex(long address) {
    for (Place place : places.sequencedValues().reversed()) {
      if (place.contains(address)) {
        return (address - place.base() + place.offset()) / PAGE_BYTES;
      }
    }
    throw new IllegalArgumentException("a trace event outside of every mapping");
  }

  private Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException("the mapping " + name + " could not be made");
    }
    return place;
  }

  private static long roundUp(long length) {
    return (length + PAGE_BYTES - 1) & -PAGE_BYTES;
  }
}
