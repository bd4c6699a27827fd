// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.Forgiveness;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings the kernel's {@code fs_dax} trace lines into the text of {@link
 * io.pmem4j.ext2.dax.FaultEvent}. Addresses become page indexes, radix entries become block
 * numbers. Left out, because they are not the file system's: device, the bounds of the VMA, fault
 * flags other than WRITE and MKWRITE, and the start of dax_writeback_range_done (the kernel prints
 * where its walk ended). Formats: include/trace/events/fs_dax.h of 5.10.
 */
public final class TraceText {
  private static final Pattern EVENT = Pattern.compile("\\b(dax_[a-z_]+): (.*)$");
  private static final Pattern FIELD =
      Pattern.compile(
          "\\b(ino|address|pgoff|max_pgoff|pglen|radix_entry) (0x[0-9a-f]+|0)(?:-(0x[0-9a-f]+|0))?");

  /**
   * The words between the inode number and the address or offset, e.g. {@code shared WRITE|USER}.
   */
  private static final Pattern WORDS =
      Pattern.compile("ino (?:0x[0-9a-f]+|0) (shared|private) ?(\\S*) ?address");

  private final long firstFrame;
  private final LongUnaryOperator pageIndexOfAddress;

  /**
   * A translator for one process.
   *
   * @param firstFrame page frame of block 0 of the file system
   * @param pageIndexOfAddress the index in its file of the page mapped at an address
   */
  public TraceText(long firstFrame, LongUnaryOperator pageIndexOfAddress) {
    this.firstFrame = firstFrame;
    this.pageIndexOfAddress = pageIndexOfAddress;
  }

  public List<String> events(String raw) {
    List<String> events = new ArrayList<>();
    for (String line : raw.lines().toList()) {
      Matcher event = EVENT.matcher(line);
      if (event.find()) {
        Forgiveness.TRACE_HEAD.forgives(event.start() > 0);
        events.add(event(event.group(1), event.group(2)));
      }
    }
    return events;
  }

  private String event(String name, String fields) {
    Forgiveness.TRACE_DEVICE.forgives(fields.startsWith("dev "));
    Forgiveness.TRACE_ADDRESS.forgives(fields.contains(" address "));
    Forgiveness.TRACE_ENTRY_FLAG.forgives(fields.contains(" radix_entry "));
    Map<String, Long> numbers = new HashMap<>();
    Matcher field = FIELD.matcher(fields);
    while (field.find()) {
      numbers.put(field.group(1), Long.decode(field.group(2)));
      if (field.group(3) != null) {
        numbers.put("end", Long.decode(field.group(3)));
      }
    }
    String head = name + " ino=" + numbers.get("ino") + " ";
    Matcher words = WORDS.matcher(fields);
    String sharing = words.find() ? words.group(1) : "";
    return switch (name) {
      case "dax_insert_mapping", "dax_pmd_insert_mapping" ->
          head
              + sharing
              + " "
              + words.group(2)
              + " pgoff="
              + pageIndexOfAddress.applyAsLong(number(numbers, "address"))
              + " block="
              // An XArray value: the frame shifted by four flag bits, and the value bit.
              + ((number(numbers, "radix_entry") >>> 5) - firstFrame);
      case "dax_writeback_range" ->
          head + "pgoff=" + number(numbers, "pgoff") + "-" + number(numbers, "end");
      case "dax_writeback_range_done" -> {
        Forgiveness.TRACE_WALK.forgives(numbers.containsKey("pgoff"));
        yield head + "end=" + number(numbers, "end");
      }
      case "dax_writeback_one" ->
          head + "pgoff=" + number(numbers, "pgoff") + " pglen=" + number(numbers, "pglen");
      case "dax_pte_fault", "dax_pte_fault_done", "dax_load_hole" -> {
        String result = fields.replaceFirst("^.*pgoff \\S+\\s*", "");
        yield head
            + sharing
            + " "
            + flags(words.group(2))
            + " pgoff="
            + number(numbers, "pgoff")
            + (result.isEmpty() ? "" : " " + result);
      }
      case "dax_pmd_fault", "dax_pmd_fault_done" -> {
        String result = fields.replaceFirst("^.*max_pgoff \\S+\\s*", "");
        yield head
            + sharing
            + " "
            + flags(words.group(2))
            + " pgoff="
            + number(numbers, "pgoff")
            + " max_pgoff="
            + number(numbers, "max_pgoff")
            + (result.isEmpty() ? "" : " " + result);
      }
      // An unknown event is shown as it is: it will differ, and be reported.
      default -> head + fields;
    };
  }

  private static long number(Map<String, Long> numbers, String key) {
    Long value = numbers.get(key);
    if (value == null) {
      throw new IllegalArgumentException("trace line without " + key);
    }
    return value;
  }

  private static String flags(String all) {
    List<String> kept =
        List.of(all.split("\\|", -1)).stream()
            .filter(flag ->
                !Forgiveness.TRACE_FAULT_FLAG.forgives(
                    !flag.equals("WRITE") && !flag.equals("MKWRITE")))
            .toList();
    return kept.isEmpty() ? "-" : String.join("|", kept);
  }
}
