// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.console.Console;
import io.pmem4j.harness.guest.console.SplatScanner;
import io.pmem4j.harness.guest.qemu.Qemu;
import io.pmem4j.harness.guest.qemu.Qmp;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestOutcome;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The diagnosis of a channel that ended or fell silent, from the process and the console.
 *
 * <p>A panic is printed first, then announced over QMP, then QEMU ends and with it the channel. The
 * host may see these in any order, so it waits for the end of the process and of its output before
 * it judges.
 */
final class Postmortem {
  /** From the end of the channel to the end of QEMU, when one is due to the other. */
  private static final Duration BOUND = Duration.ofSeconds(2);

  private static final int SIGBUS = 7;

  /**
   * The exact outcome.
   *
   * @param reason one line
   */
  record Verdict(GuestOutcome outcome, String reason) {}

  private final Qemu qemu;
  private final Console console;
  private final @Nullable Qmp qmp;
  private final NvdimmFiles files;

  Postmortem(Qemu qemu, Console console, @Nullable Qmp qmp, NvdimmFiles files) {
    this.qemu = qemu;
    this.console = console;
    this.qmp = qmp;
    this.files = files;
  }

  /** Refines CHANNEL_CUT and TIMEOUT; any other outcome says enough by itself. */
  Verdict of(GuestOutcome seen, String why) {
    if (seen != GuestOutcome.CHANNEL_CUT && seen != GuestOutcome.TIMEOUT) {
      return new Verdict(seen, why);
    }
    boolean over = awaitEnd(seen);
    if (console.agentLost()) {
      return new Verdict(GuestOutcome.AGENT_DIED, lastWords());
    }
    if (!console.oops().isEmpty()) {
      return new Verdict(GuestOutcome.OOPS, console.oops());
    }
    if (console.panicked() || (qmp != null && qmp.panicked())) {
      return new Verdict(GuestOutcome.PANIC, lastWords());
    }
    if (over) {
      Verdict files = qemu.exit().endsWith(" " + SIGBUS) ? this.files.verdict() : null;
      if (files != null) {
        return new Verdict(files.outcome(), qemu.exit() + ": " + files.reason());
      }
      return new Verdict(GuestOutcome.QEMU_DIED, qemu.exit());
    }
    // A guest that hangs has often said why; the report itself is the next check's to grade.
    List<Console.Finding> findings = console.findings();
    return new Verdict(
        seen,
        findings.isEmpty()
            ? why
            : why + "; the console reported: " + findings.getLast().line().strip());
  }

  /** True when QEMU has ended and all that it printed has been read. */
  private boolean awaitEnd(GuestOutcome seen) {
    try {
      // Silence is no sign of an end: only a channel that ended is worth waiting for.
      boolean over =
          seen == GuestOutcome.CHANNEL_CUT
              ? qemu.awaitExit(Deadline.after(BOUND))
              : !qemu.isAlive();
      if (over) {
        console.awaitEnd(Deadline.after(BOUND));
      }
      return over;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !qemu.isAlive();
    }
  }

  private String lastWords() {
    for (String line : console.tail()) {
      if (SplatScanner.grade(line) == GuestOutcome.PANIC || line.startsWith("agent: ")) {
        return line.strip();
      }
    }
    return "the kernel panicked";
  }
}
