// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.Arrays;

/**
 * An event of a {@link StoreTrace}. Immutable.
 *
 * <p>Offsets and lengths are bytes from the start of the recorded memory. Events without a range
 * have offset and length 0.
 */
public final class TraceEvent {
  /** A kind of event. */
  public enum Kind {
    /** Stored bytes into a range. */
    STORE,
    /** Loaded bytes from a range. */
    LOAD,
    /** Started to make a range durable. */
    FLUSH,
    /** Waited for the flushes of the thread. */
    DRAIN,
    /** Made a file of zeros, durable with its name. */
    CREATE,
    /** Began an operation of the program under test. */
    BEGIN,
    /** Acknowledged an operation as durable. */
    ACKNOWLEDGE
  }

  private static final byte[] NONE = {};

  private final Kind kind;
  private final int thread;
  private final CodeSite site;
  private final String call;
  private final long offset;
  private final long length;
  private final StoreOrder order;
  private final byte[] bytes;

  private TraceEvent(
      Kind kind,
      int thread,
      CodeSite site,
      String call,
      long offset,
      long length,
      StoreOrder order,
      byte[] bytes) {
    this.kind = kind;
    this.thread = thread;
    this.site = site;
    this.call = call;
    this.offset = offset;
    this.length = length;
    this.order = order;
    this.bytes = bytes;
  }

  static TraceEvent store(
      int thread, CodeSite site, String call, StoreOrder order, long offset, byte[] bytes) {
    return new TraceEvent(Kind.STORE, thread, site, call, offset, bytes.length, order, bytes);
  }

  static TraceEvent range(
      Kind kind, int thread, CodeSite site, String call, long offset, long length) {
    return new TraceEvent(kind, thread, site, call, offset, length, StoreOrder.PLAIN, NONE);
  }

  /** Makes a mark; an acknowledgement has its value in the offset. */
  static TraceEvent mark(Kind kind, int thread, CodeSite site, String name, long value) {
    return new TraceEvent(kind, thread, site, name, value, 0, StoreOrder.PLAIN, NONE);
  }

  /** Returns the same event at another offset. */
  TraceEvent at(long newOffset) {
    return new TraceEvent(kind, thread, site, call, newOffset, length, order, bytes);
  }

  /** Returns the kind. */
  public Kind kind() {
    return kind;
  }

  /** Returns the number of the thread, from 0 in the order of their first events. */
  public int thread() {
    return thread;
  }

  /** Returns the line of code. */
  public CodeSite site() {
    return site;
  }

  /** Returns the called method of the memory, or the name of an operation. */
  public String call() {
    return call;
  }

  /** Returns the first byte of the range; the value of an acknowledgement. */
  public long offset() {
    return offset;
  }

  /** Returns the length of the range in bytes. */
  public long length() {
    return length;
  }

  /** Returns the order of a store. */
  public StoreOrder order() {
    return order;
  }

  /** Returns a copy of the stored bytes; empty if this is no store. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Returns the stored bytes of the aligned word, in the lowest bits first; others are 0. */
  long bits(long word) {
    long bits = 0;
    for (long at = first(word); at < end(word); at++) {
      bits |= (bytes[(int) (at - offset)] & 0xFFL) << (8 * (at - word * Long.BYTES));
    }
    return bits;
  }

  /** Returns the mask of the stored bytes of the aligned word. */
  long mask(long word) {
    int count = (int) (end(word) - first(word));
    long ones = count == Long.BYTES ? -1 : (1L << (8 * count)) - 1;
    return ones << (8 * (first(word) - word * Long.BYTES));
  }

  private long first(long word) {
    return Math.max(offset, word * Long.BYTES);
  }

  private long end(long word) {
    return Math.min(offset + length, (word + 1) * Long.BYTES);
  }

  /** Returns the name of the call with the stored value, as in {@code putLong 7}. */
  String words() {
    if (kind != Kind.STORE) {
      return call;
    }
    if (length > Long.BYTES || order == StoreOrder.BULK || order == StoreOrder.BYPASS) {
      return call + " " + length + " bytes";
    }
    long value = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      value = (value << 8) | (bytes[i] & 0xFF);
    }
    int unused = Long.SIZE - 8 * bytes.length;
    return call + " " + (value << unused >> unused);
  }

  @Override
  public String toString() {
    return switch (kind) {
      case STORE -> "thread " + thread + ": @" + offset + " " + words() + " " + site;
      case LOAD, FLUSH -> "thread " + thread + ": " + kind + " @" + offset + "+" + length;
      case DRAIN -> "thread " + thread + ": DRAIN " + site;
      case BEGIN, CREATE -> "thread " + thread + ": " + kind + " " + call;
      case ACKNOWLEDGE -> "thread " + thread + ": ACKNOWLEDGE " + call + " " + offset;
    };
  }

  /** Returns true if both store the same bytes. */
  boolean storesSame(TraceEvent other) {
    return kind == other.kind && offset == other.offset && Arrays.equals(bytes, other.bytes);
  }
}
