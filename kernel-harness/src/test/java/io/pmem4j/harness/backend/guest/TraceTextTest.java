// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.dax.FaultEvent;
import org.junit.jupiter.api.Test;

/** Lines as kernel 5.10 prints them, and the text that the model's events have. */
class TraceTextTest {
  private static final String HEAD = "           agent-1011    [000] ....    12.345678: ";
  private static final long FIRST_FRAME = 0x100200;

  private final TraceText text =
      new TraceText(FIRST_FRAME, address -> (address - 0x7f0000000000L) / 4096);

  @Test
  void aFaultKeepsWhatIsTheFileSystems() {
    assertThat(
            text.events(
                HEAD
                    + "dax_pte_fault: dev 259:0 ino 0xc shared"
                    + " WRITE|MKWRITE|ALLOW_RETRY|KILLABLE|USER address 0x7f0000003000 pgoff 0x3"))
        .containsExactly(
            new FaultEvent("dax_pte_fault", 12, true, true, true, 3, 0, 0, "").toString());
  }

  @Test
  void resultsAreKept() {
    assertThat(
            text.events(
                HEAD
                    + "dax_pte_fault_done: dev 259:0 ino 0xc private ALLOW_RETRY|USER"
                    + " address 0x7f0000003000 pgoff 0x3 MAJOR|NOPAGE"))
        .containsExactly("dax_pte_fault_done ino=12 private - pgoff=3 MAJOR|NOPAGE");
  }

  @Test
  void aRadixEntryBecomesABlock() {
    assertThat(
            text.events(
                HEAD
                    + "dax_insert_mapping: dev 259:0 ino 0xc shared write address 0x7f0000001000"
                    + " radix_entry 0x20e4001"))
        .containsExactly(
            new FaultEvent(
                    "dax_insert_mapping", 12, true, true, false, 1, 0x107200 - FIRST_FRAME, 0, "")
                .toString());
  }

  @Test
  void faultsOnTwoMebibytesKeepTheSizeOfTheFile() {
    assertThat(
            text.events(
                HEAD
                    + "dax_pmd_fault: dev 259:0 ino 0xc shared WRITE|USER address 0x7f0000203000"
                    + " vm_start 0x7f0000200000 vm_end 0x7f0000400000 pgoff 0x203 max_pgoff 0x400 \n"
                    + HEAD
                    + "dax_pmd_insert_mapping: dev 259:0 ino 0xc shared write"
                    + " address 0x7f0000203000 length 0x200000 pfn 0x107200 DEV|MAP"
                    + " radix_entry 0x20e4005\n"
                    + HEAD
                    + "dax_pmd_fault_done: dev 259:0 ino 0xc private USER address 0x7f0000203000"
                    + " vm_start 0x7f0000200000 vm_end 0x7f0000400000 pgoff 0x203 max_pgoff 0x400"
                    + " FALLBACK"))
        .containsExactly(
            new FaultEvent("dax_pmd_fault", 12, true, true, false, 0x203, 0, 0x400, "").toString(),
            "dax_pmd_insert_mapping ino=12 shared write pgoff=515 block="
                + (0x107200 - FIRST_FRAME),
            "dax_pmd_fault_done ino=12 private - pgoff=515 max_pgoff=1024 FALLBACK");
  }

  @Test
  void rangesLoseOnlyTheCursor() {
    assertThat(
            text.events(
                HEAD
                    + "dax_writeback_range: dev 259:0 ino 0xc pgoff 0x0-0x1\n"
                    + HEAD
                    + "dax_writeback_one: dev 259:0 ino 0xc pgoff 0x1 pglen 0x1\n"
                    + HEAD
                    + "dax_writeback_range_done: dev 259:0 ino 0xc pgoff 0x10-0x1\n"))
        .containsExactly(
            "dax_writeback_range ino=12 pgoff=0-1",
            "dax_writeback_one ino=12 pgoff=1 pglen=1",
            "dax_writeback_range_done ino=12 end=1");
  }

  @Test
  void anUnknownEventIsShownAndAMutilatedOneRefused() {
    assertThat(text.events(HEAD + "dax_new_thing: dev 259:0 ino 0xc something"))
        .containsExactly("dax_new_thing ino=12 dev 259:0 ino 0xc something");
    assertThatThrownBy(() -> text.events(HEAD + "dax_writeback_one: dev 259:0 ino 0xc"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(text.events("no event at all")).isEmpty();
  }
}
