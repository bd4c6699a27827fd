// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.console.Console;
import io.pmem4j.harness.guest.qemu.Qemu;
import io.pmem4j.harness.guest.qemu.Qmp;
import io.pmem4j.harness.wire.ChannelFault;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The diagnosis of a guest that did not answer, in stages: the agent, the kernel over its serial
 * line, QEMU. Then the guest is ended, by QEMU itself or by killing the process. Each stage has a
 * time limit, and its result is recorded.
 */
final class HangDiagnosis {
  private static final Duration PING_BOUND = Duration.ofSeconds(1);

  /** Emulated, on a busy machine; a kernel that takes interrupts answers in milliseconds. */
  private static final Duration SYSRQ_BOUND = Duration.ofSeconds(5);

  private static final Duration QMP_BOUND = Duration.ofSeconds(3);

  private final Qemu qemu;
  private final Console console;
  private final @Nullable Qmp qmp;
  private final List<String> stages = new ArrayList<>();

  HangDiagnosis(Qemu qemu, Console console, @Nullable Qmp qmp) {
    this.qemu = qemu;
    this.console = console;
    this.qmp = qmp;
  }

  /**
   * Goes through all stages; QEMU has ended afterwards.
   *
   * @return TIMEOUT when the agent answered, or the kernel did and no task is stuck in it; HANG
   */
  Postmortem.Verdict run(Channel channel, String why) throws InterruptedException {
    boolean late = ping(channel);
    boolean fine = sysrq() || late;
    end();
    return new Postmortem.Verdict(
        fine ? GuestOutcome.TIMEOUT : GuestOutcome.HANG, why + "; " + String.join("; ", stages));
  }

  private boolean ping(Channel channel) {
    String said;
    boolean answered = true;
    try {
      channel.call(Request.of(WireOp.PING), Deadline.after(PING_BOUND));
      said = "answered";
    } catch (ChannelFault e) {
      // A frame that answers something earlier is a sign of life too.
      answered = e.outcome() == GuestOutcome.BAD_FRAME;
      said = answered ? "a late answer came" : "no answer";
    }
    stages.add("ping: " + said);
    return answered;
  }

  /** True when the kernel answers and shows no task that is stuck in it. */
  private boolean sysrq() throws InterruptedException {
    // The level at which lists are printed, the blocked tasks, those that run, and an end mark.
    if (!key('8', line -> line.contains("sysrq: Changing Loglevel"))
        || !key('w', line -> line.contains("sysrq: Show Blocked State"))
        || !key('l', line -> line.contains("sysrq: Show backtrace of all active CPUs"))
        || !key('h', line -> line.contains("sysrq: HELP"))) {
      stages.add("sysrq: the kernel does not react");
      return false;
    }
    List<String> stuck =
        console.tail().stream()
            .filter(line -> line.contains("task:") && line.contains(" state:D"))
            .map(line -> line.substring(line.indexOf("task:")).replaceAll(" +", " ").strip())
            .toList();
    stages.add("sysrq: " + (stuck.isEmpty() ? "no task is stuck" : "stuck " + stuck.getFirst()));
    return stuck.isEmpty();
  }

  private boolean key(char key, Predicate<String> answer) throws InterruptedException {
    Deadline deadline = Deadline.after(SYSRQ_BOUND);
    try {
      if (qmp == null || !qmp.sendBreak("console", deadline)) {
        return false;
      }
      qemu.press(key);
      return !console.awaitLine(answer, deadline).isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  private void end() throws InterruptedException {
    String status = qmp == null ? null : qmp.status(Deadline.after(QMP_BOUND));
    stages.add("QMP: " + (status == null ? "no answer" : status));
    if (qmp != null && status != null) {
      String place = qmp.instructionPointer(Deadline.after(QMP_BOUND));
      if (place != null) {
        stages.add("CPU 0 at " + place);
      }
      qmp.quit(Deadline.after(QMP_BOUND));
      if (qemu.awaitExit(Deadline.after(QMP_BOUND))) {
        stages.add("QEMU has quit");
        return;
      }
    }
    qemu.destroy();
    stages.add("QEMU was killed");
  }
}
