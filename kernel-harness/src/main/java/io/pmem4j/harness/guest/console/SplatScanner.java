// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.console;

import io.pmem4j.harness.wire.GuestOutcome;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells a kernel's report from its chatter, line by line. The kernel prints its reports with fixed
 * first words; {@code Warning:} in mixed case is how drivers talk and is no report. Stateless.
 */
public final class SplatScanner {
  /** Time stamp, and the caller's id of CONFIG_PRINTK_CALLER. */
  private static final String STAMP = "^(?:\\[ *\\d+\\.\\d+\\] ?)?(?:\\[ *[TC]\\d+\\] ?)?";

  private static final Pattern PANIC = Pattern.compile(STAMP + "Kernel panic");

  /** The line with the number of the oops, whatever the cause before it is called. */
  private static final Pattern OOPS = Pattern.compile(": [0-9a-f]{4} \\[#\\d+\\]");

  private static final Pattern OUT_OF_MEMORY = Pattern.compile(STAMP + "Out of memory: ");
  private static final Pattern LOCKDEP_OFF =
      Pattern.compile(
          "lockdep is turned off"
              + "|turning off the locking correctness validator"
              + "|Disabling lock debugging");

  /** The beginnings of the first line of a report. */
  private static final Pattern SPLAT_AT_START =
      Pattern.compile(
          STAMP
              + "(?:"
              + "WARNING: "
              + "|BUG: "
              + "|BUG [\\w.-]+ .*: " // slub: BUG kmalloc-64 (Not tainted): Redzone overwritten
              + "|Oops"
              + "|kernel BUG at "
              + "|UBSAN: "
              + "|KASAN: "
              + "|INFO: task .* blocked for more than "
              + "|INFO: possible "
              + "|INFO: suspicious RCU"
              + "|INFO: rcu_\\w+ (?:self-)?detected "
              + "|rcu: INFO: \\w+ (?:self-)?detected "
              + "|divide error: "
              + "|invalid opcode: "
              + "|unregister_netdevice: waiting for"
              + ")");

  /** The texts that are a report anywhere in a line. */
  private static final Pattern SPLAT_ANYWHERE =
      Pattern.compile(
          "possible (?:recursive|circular|irq lock inversion|deadlock|unsafe)"
              + "|inconsistent lock state"
              + "|suspicious RCU"
              + "|general protection fault"
              + "|DEBUG_LOCKS_WARN_ON"
              + "|Unable to handle kernel "
              + "|unable to handle (?:page fault|kernel )"
              + "|(?:KASAN|KCSAN|UBSAN): ");

  private SplatScanner() {}

  /** PANIC, OOPS, OOM, SPLAT or LOCKDEP_OFF; null for a line that reports nothing. */
  public static @Nullable GuestOutcome grade(String line) {
    if (PANIC.matcher(line).find()) {
      return GuestOutcome.PANIC;
    }
    if (OOPS.matcher(line).find()) {
      return GuestOutcome.OOPS;
    }
    if (OUT_OF_MEMORY.matcher(line).find()) {
      return GuestOutcome.OOM;
    }
    if (LOCKDEP_OFF.matcher(line).find()) {
      return GuestOutcome.LOCKDEP_OFF;
    }
    if (SPLAT_AT_START.matcher(line).find() || SPLAT_ANYWHERE.matcher(line).find()) {
      return GuestOutcome.SPLAT;
    }
    return null;
  }
}
