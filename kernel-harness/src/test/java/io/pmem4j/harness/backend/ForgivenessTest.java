// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.backend.guest.TraceText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Changes every part of an event's text, one at a time. A change that the translation does not show
 * must be one that a rule of {@link Forgiveness} names: this finds a rule that is not registered.
 */
class ForgivenessTest {
  private static final List<String> TRACE =
      List.of(
          "dax_pte_fault: dev 259:0 ino 0xc shared WRITE|USER address 0x7f0000003000 pgoff 0x3",
          "dax_pte_fault_done: dev 259:0 ino 0xc shared WRITE|USER address 0x7f0000003000 pgoff"
              + " 0x3 NOPAGE",
          "dax_load_hole: dev 259:0 ino 0xc shared USER address 0x7f0000003000 pgoff 0x3 NOPAGE",
          "dax_insert_mapping: dev 259:0 ino 0xc shared write address 0x7f0000001000 radix_entry"
              + " 0x20e4001",
          "dax_writeback_range: dev 259:0 ino 0xc pgoff 0x1-0x2",
          "dax_writeback_range_done: dev 259:0 ino 0xc pgoff 0x1-0x2",
          "dax_writeback_one: dev 259:0 ino 0xc pgoff 0x1 pglen 0x1",
          "dax_pmd_fault: dev 259:0 ino 0xc shared WRITE|USER address 0x7f0000203000 vm_start"
              + " 0x7f0000200000 vm_end 0x7f0000400000 pgoff 0x203 max_pgoff 0x400 ");

  /** The parts of an event that may change unseen, by the words before them. */
  private static final Map<String, Forgiveness> UNSEEN =
      Map.of(
          "head", Forgiveness.TRACE_HEAD,
          "dev", Forgiveness.TRACE_DEVICE,
          "vm_start", Forgiveness.TRACE_ADDRESS,
          "vm_end", Forgiveness.TRACE_ADDRESS,
          "address", Forgiveness.TRACE_ADDRESS,
          "radix_entry", Forgiveness.TRACE_ENTRY_FLAG,
          "USER", Forgiveness.TRACE_FAULT_FLAG,
          "dax_writeback_range_done pgoff", Forgiveness.TRACE_WALK);

  private static final Pattern PART = Pattern.compile("[A-Za-z_]+|0x[0-9a-f]+|[0-9]+");

  private static List<String> translated(String line) {
    return new TraceText(0x107200 - 0x200, address -> (address - 0x7f0000000000L) / 4096)
        .events("prog-1011 [000] d..2 12.5: " + line);
  }

  @Test
  void whatATraceForgivesIsRegistered() {
    List<String> unregistered = new ArrayList<>();
    for (String line : TRACE) {
      List<String> expected = translated(line);
      Matcher part = PART.matcher(line);
      String word = "";
      while (part.find()) {
        String text = part.group();
        boolean value = Character.isDigit(text.charAt(0));
        String other =
            value ? text.substring(0, text.length() - 1) + (text.endsWith("5") ? "6" : "5") : "x";
        String changed = line.substring(0, part.start()) + other + line.substring(part.end());
        if (isUnseen(expected, changed) && !isRegistered(line, value ? word : text)) {
          unregistered.add(text + " of " + line);
        }
        word = value ? word : text;
      }
    }
    assertThat(unregistered).isEmpty();
    long before = Forgiveness.TRACE_HEAD.applied();
    assertThat(
            new TraceText(0x107200 - 0x200, address -> (address - 0x7f0000000000L) / 4096)
                .events("other-7 [001] .... 99.0: " + TRACE.getFirst()))
        .isEqualTo(translated(TRACE.getFirst()));
    assertThat(Forgiveness.TRACE_HEAD.applied()).isGreaterThan(before);
  }

  private static boolean isUnseen(List<String> expected, String changed) {
    try {
      return translated(changed).equals(expected);
    } catch (IllegalArgumentException | IllegalStateException e) {
      return false; // a line without a field that it needs
    }
  }

  private static boolean isRegistered(String line, String word) {
    return UNSEEN.containsKey(word)
        || UNSEEN.containsKey(line.substring(0, line.indexOf(':')) + " " + word);
  }

  @Test
  void theReportHasEveryRule() {
    assertThat(Forgiveness.report()).hasSameSizeAs(Forgiveness.values());
    for (Forgiveness rule : Forgiveness.values()) {
      assertThat(Forgiveness.report()).anyMatch(line -> line.contains(rule.text()));
    }
  }
}
