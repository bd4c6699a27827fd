// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.Locale;
import java.util.StringJoiner;

/**
 * A trace in the format that pmreorder reads, so that another tool can judge it. Loads, marks and
 * threads have no place in it. Flushes are widened to lines of 64 bytes, as pmreorder expects.
 * Source: pmemcheck's log, pmreorder(1).
 */
public final class PmreorderLog {
  private static final long BASE = 0x10000;

  private PmreorderLog() {}

  /**
   * Returns the log.
   *
   * @param image the path of a file with the initial content; without {@code ;} and {@code |}
   */
  public static String of(StoreTrace trace, String image) {
    StringJoiner log = new StringJoiner("|");
    log.add("START");
    log.add("REGISTER_FILE;" + image + ";" + hex(BASE) + ";" + hex(trace.byteSize()) + ";0x0");
    for (TraceEvent event : trace.events()) {
      switch (event.kind()) {
        case STORE -> addWords(log, event);
        case FLUSH -> {
          long from = event.offset() / 64 * 64;
          long to = (event.offset() + event.length() + 63) / 64 * 64;
          log.add("FLUSH;" + hex(BASE + from) + ";" + hex(to - from));
        }
        case DRAIN -> log.add("FENCE");
        case LOAD, BEGIN, CREATE, ACKNOWLEDGE -> {}
      }
    }
    return log.add("STOP").toString();
  }

  /** Adds the aligned words of a store. */
  private static void addWords(StringJoiner log, TraceEvent store) {
    byte[] bytes = store.bytes();
    int end;
    for (int at = 0; at < bytes.length; at = end) {
      long word = (store.offset() + at) / Long.BYTES;
      end = (int) Math.min(bytes.length, (word + 1) * Long.BYTES - store.offset());
      long value = 0;
      for (int i = end - 1; i >= at; i--) {
        value = (value << 8) | (bytes[i] & 0xFF);
      }
      log.add("STORE;" + hex(BASE + store.offset() + at) + ";" + hex(value) + ";" + hex(end - at));
    }
  }

  private static String hex(long number) {
    return "0x" + Long.toHexString(number).toLowerCase(Locale.ROOT);
  }
}
