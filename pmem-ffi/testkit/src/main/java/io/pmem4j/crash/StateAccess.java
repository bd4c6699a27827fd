// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One long-lived memory over the image in which recovery runs, state after state. It keeps an undo
 * log of recovery's stores, the words that recovery has read, and optionally its events, for a
 * crash inside recovery. Arrays are stamped with a generation, so a new state costs nothing.
 */
final class StateAccess extends ObservedMemory {
  /** Stands for the acknowledgements in the list of what was read. */
  static final int ACKNOWLEDGEMENTS = -1;

  /** A recovery with more accesses is taken to be endless. */
  private static final long ACCESSES = 20_000_000;

  private final Log log;

  private StateAccess(PersistentMemory memory, long base, Log log) {
    super(memory, base, log);
    this.log = log;
  }

  StateAccess(long[] image, long bytes, Granularity granularity, @Nullable StateAccess outer) {
    this(
        new HeapMemory(image, bytes, granularity),
        0,
        new Log(image, bytes, outer == null ? null : outer.log));
  }

  Log log() {
    return log;
  }

  @Override
  PersistentMemory decorate(PersistentMemory slice, long newBase) {
    return new StateAccess(slice, newBase, log);
  }

  @Override
  void loading(long offset, long length) {
    log.load(offset, length);
  }

  @Override
  void exposing() {
    for (Log each = log; each != null; each = each.outer) {
      each.exposed = true;
    }
  }

  @Override
  void storing(String call, long offset, long length) {
    log.store(offset, length);
  }

  @Override
  void stored(StoreOrder order, String call, long offset, long length) {
    if (log.records) {
      byte[] bytes = new byte[(int) length];
      target.read(offset - base, bytes, 0, bytes.length);
      log.events.add(TraceEvent.store(0, log.site(), call, order, offset, bytes));
    }
  }

  @Override
  void flushed(String call, long offset, long length) {
    if (log.records) {
      log.events.add(TraceEvent.range(TraceEvent.Kind.FLUSH, 0, log.site(), call, offset, length));
    }
  }

  @Override
  void drained(String call) {
    if (log.records) {
      log.events.add(TraceEvent.range(TraceEvent.Kind.DRAIN, 0, log.site(), call, 0, 0));
    }
  }

  /** The log of one state at a time. */
  static final class Log {
    private final long[] image;
    private final long words;
    private final @Nullable Log outer;

    private int generation = 1;
    private final int[] readIn;
    private final int[] storedIn;
    private final long[] undo;
    private int[] stored = new int[16];
    private int storedCount;

    /** The words read and their values in this state, in order. */
    int[] readWords = new int[64];

    long[] readValues = new long[64];
    int reads;

    /** True if recovery has the segment, so that its loads are not known. */
    boolean exposed;

    boolean records;
    boolean sites;
    final List<TraceEvent> events = new ArrayList<>();
    private boolean readAcknowledgements;
    private long accesses;

    Log(long[] image, long bytes, @Nullable Log outer) {
      this.image = image;
      this.words = (bytes + 7) / 8;
      this.outer = outer;
      this.readIn = new int[image.length];
      this.storedIn = new int[image.length];
      this.undo = new long[image.length];
    }

    /** Begins a state. */
    void begin() {
      generation++;
      storedCount = 0;
      reads = 0;
      accesses = 0;
      readAcknowledgements = false;
      events.clear();
    }

    CodeSite site() {
      return sites ? CodeSite.here() : CodeSite.UNKNOWN;
    }

    private void count() {
      if (++accesses > ACCESSES) {
        throw new CheckNotEndedException(
            "recovery has made " + ACCESSES + " accesses and has not ended", null);
      }
    }

    void load(long offset, long length) {
      count();
      int last = (int) Math.min(words - 1, (offset + length - 1) >> 3);
      for (int word = (int) Math.max(0, offset >> 3); word <= last; word++) {
        if (readIn[word] != generation && storedIn[word] != generation) {
          readIn[word] = generation;
          read(word, image[word]);
        }
      }
    }

    private void read(int word, long value) {
      if (outer != null) {
        outer.readInside(word, value);
      }
      append(word, value);
    }

    /** Logs a load of a recovery that runs on a state inside this one. */
    void readInside(int word, long value) {
      if (word == ACKNOWLEDGEMENTS) {
        readAcknowledgements((int) value);
      } else if (readIn[word] != generation) {
        readIn[word] = generation;
        append(word, storedIn[word] == generation ? undo[word] : value);
      }
    }

    private void append(int word, long value) {
      if (reads == readWords.length) {
        readWords = Arrays.copyOf(readWords, 2 * reads);
        readValues = Arrays.copyOf(readValues, 2 * reads);
      }
      readWords[reads] = word;
      readValues[reads++] = value;
    }

    void readAcknowledgements(int version) {
      if (!readAcknowledgements) {
        readAcknowledgements = true;
        append(ACKNOWLEDGEMENTS, version);
      }
      if (outer != null) {
        outer.readAcknowledgements(version);
      }
    }

    void store(long offset, long length) {
      count();
      int last = (int) Math.min(words - 1, (offset + length - 1) >> 3);
      for (int word = (int) Math.max(0, offset >> 3); word <= last; word++) {
        if (length < Long.BYTES || offset % Long.BYTES != 0) {
          load(word * (long) Long.BYTES, Long.BYTES); // the rest of the word stays
        }
        if (storedIn[word] != generation) {
          storedIn[word] = generation;
          undo[word] = image[word];
          if (storedCount == stored.length) {
            stored = Arrays.copyOf(stored, 2 * storedCount);
          }
          stored[storedCount++] = word;
        }
      }
    }

    /** Takes the stores of recovery back; the log stays. */
    void rollBack() {
      for (int i = 0; i < storedCount; i++) {
        image[stored[i]] = undo[stored[i]];
      }
    }
  }
}
