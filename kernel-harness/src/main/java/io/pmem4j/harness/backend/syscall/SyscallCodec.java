// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The system calls of {@link Syscall}'s table as requests and outcomes. The agent's arguments have
 * the order of the call's; paths, words and bytes go into the blob.
 */
final class SyscallCodec {
  private static final long STATX_ATTR_DAX = 0x200000;
  private static final List<String> STATFS_NAMES =
      List.of("type", "bsize", "blocks", "bfree", "bavail", "files", "ffree", "namelen");

  private final OperationCodec.Place place;
  private final SlotTable files;
  private final SlotTable mappings;

  /** The last value of each counter. */
  private final Map<String, Long> counters = new HashMap<>();

  SyscallCodec(OperationCodec.Place place, SlotTable files, SlotTable mappings) {
    this.place = place;
    this.files = files;
    this.mappings = mappings;
  }

  /**
   * Returns the request of a call.
   *
   * @param reuse when a slot that it releases is free
   */
  Request request(Operation.Call call, SlotTable.Reuse reuse) {
    List<Long> arguments = new ArrayList<>();
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    boolean first = true;
    for (int i = 0; i < call.arguments().size(); i++) {
      Parameter.Kind kind = call.syscall().parameters().get(i).kind();
      Parameter.Value value = call.arguments().get(i);
      switch (kind) {
        case PATH, ROOT, WORD, DATA -> {
          if (!first) {
            blob.write(0);
          }
          first = false;
          blob.writeBytes(bytes(kind, value));
        }
        case FILE -> arguments.add((long) files.of(text(value)));
        case NEW_FILE -> arguments.add((long) files.take(text(value)));
        case GONE_FILE -> arguments.add((long) files.release(text(value), reuse));
        case MAPPING -> arguments.add((long) mappings.of(text(value)));
        case NEW_MAPPING -> arguments.add((long) mappings.take(text(value)));
        case GONE_MAPPING -> arguments.add((long) mappings.release(text(value), reuse));
        case ALIGNMENT -> arguments.add(number(value) == 0 ? place.alignment() : number(value));
        case TIME -> arguments.add(second(number(value)));
        default -> arguments.add(number(value));
      }
    }
    return Request.of(call.syscall(), arguments.stream().mapToLong(Long::longValue).toArray())
        .withBlob(blob.toByteArray());
  }

  private byte[] bytes(Parameter.Kind kind, Parameter.Value value) {
    if (value instanceof Parameter.Data data) {
      return data.bytes().toArray();
    }
    boolean path = kind == Parameter.Kind.PATH || kind == Parameter.Kind.ROOT;
    return (path ? place.path(text(value)) : text(value)).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Parameter.Value value) {
    return ((Parameter.Name) value).text();
  }

  private static long number(Parameter.Value value) {
    return ((Parameter.Integer64) value).value();
  }

  private static long second(long relative) {
    if (relative == Parameter.NOW) {
      return Wire.TIME_NOW;
    }
    return relative == Parameter.OMIT ? Wire.TIME_OMIT : Program.CLOCK_BASE_SECONDS + relative;
  }

  /** Decodes a successful answer; the caller records the new address of a mapping. */
  Outcome.Builder outcome(Operation.Call call, Response response) {
    Outcome.Builder plain = Outcome.builder().value("result", response.result());
    Outcome.Builder zero = Outcome.builder().value("result", 0);
    ByteBuffer data = ByteBuffer.wrap(response.data()).order(ByteOrder.LITTLE_ENDIAN);
    return switch (call.syscall().answer()) {
      case RESULT -> plain;
      case DATA -> plain.value("data", OutcomeText.data(response.data()));
      case TEXT -> plain.value("text", response.text());
      case NAMES -> plain.value("names", response.text().replaceAll("\0$", "").replace('\0', ','));
      case HEX -> zero.value("flags", Long.toHexString(response.result()));
      case STAT -> OutcomeText.stat(data, place::time);
      case EXTENTS -> plain.value("extents", extents(data));
      case PAGE -> zero.value("page", place.page(response.result()));
      case STATX ->
          OutcomeText.stat(data, place::time)
              .value("dax", (data.getLong(Wire.STAT_BYTES) & STATX_ATTR_DAX) != 0 ? 1 : 0);
      case ENTRIES -> plain.value("entries", entries(data));
      case STATFS -> {
        STATFS_NAMES.forEach(name -> zero.value(name, data.getLong()));
        yield zero;
      }
      case ADDRESS -> zero;
      case PAGES -> {
        StringBuilder pages = new StringBuilder();
        for (byte page : response.data()) {
          pages.append(page);
        }
        yield plain.value("pages", pages);
      }
      case SMAPS -> {
        smaps(response.text(), zero);
        yield zero;
      }
      case COUNTER -> {
        long now = response.result();
        Long before = counters.put(text(call.arguments().getFirst()), now);
        yield Outcome.builder().value("result", before == null ? 0 : now - before);
      }
    };
  }

  private static String extents(ByteBuffer data) {
    List<String> extents = new ArrayList<>();
    while (data.remaining() >= Wire.EXTENT_BYTES) {
      extents.add(
          OutcomeText.extent(data.getLong(), data.getLong(), data.getLong(), data.getInt()));
      data.getInt();
    }
    return String.join(",", extents);
  }

  private static String entries(ByteBuffer data) {
    List<String> entries = new ArrayList<>();
    while (data.remaining() >= Wire.ENTRY_FIXED_BYTES) {
      long ino = data.getLong();
      int type = data.getInt();
      byte[] name = new byte[data.getInt()];
      data.get(name);
      entries.add(OutcomeText.entry(new String(name, StandardCharsets.UTF_8), type, ino));
    }
    return String.join(",", entries);
  }

  /** {@code Rss: 4 kB} becomes {@code rss=4}; lines of words are joined by commas. */
  private static void smaps(String text, Outcome.Builder outcome) {
    for (String line : text.lines().toList()) {
      String[] parts = line.split(":\\s*", 2);
      if (parts.length == 2) {
        outcome.value(
            parts[0].toLowerCase(java.util.Locale.ROOT).replace("_", ""),
            parts[1].replaceAll(" kB$", "").strip().replaceAll("\\s+", ","));
      }
    }
  }
}
