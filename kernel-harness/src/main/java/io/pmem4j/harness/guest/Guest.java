// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.console.Console;
import io.pmem4j.harness.guest.console.SplatScanner;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.Qemu;
import io.pmem4j.harness.guest.qemu.Qmp;
import io.pmem4j.harness.wire.Batch;
import io.pmem4j.harness.wire.ChannelFault;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.FrameCodec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A booted guest. Requests are made one at a time, by any thread; each has a time limit. The first
 * failure is final: every later request fails with the same outcome at once, because the state of
 * the guest is unknown.
 *
 * <p>{@link #close} kills QEMU and leaves no process, socket or thread; it also happens when the
 * JVM is interrupted from its terminal. Stores of the guest are in the image at once.
 */
public final class Guest implements AutoCloseable {
  private static final Duration QMP_BOUND = Duration.ofSeconds(5);
  private static final Duration EXIT_BOUND = Duration.ofSeconds(10);
  private static final Duration MARK_BOUND = Duration.ofSeconds(10);
  private static final Duration READER_BOUND = Duration.ofSeconds(2);

  private final GuestSpec spec;
  private final Qemu qemu;
  private final NvdimmFiles files;
  private final Console console;
  private final Thread shutdownHook;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ReentrantLock oneAtATime = new ReentrantLock();

  private volatile @Nullable Channel channel;
  private volatile @Nullable Qmp qmp;
  private volatile @Nullable GuestException failure;
  private @Nullable Handshake hello;
  private long marks;

  private Guest(GuestSpec spec, NvdimmFiles files, Qemu qemu) {
    this.spec = spec;
    this.files = files;
    this.qemu = qemu;
    console = new Console(qemu.output(), spec.workDirectory().resolve("console.log"));
    shutdownHook = new Thread(qemu::destroy, "pmem4j-guest-end");
  }

  /**
   * Boots and waits for the agent.
   *
   * @throws GuestException BOOT_FAILED, PANIC, OOPS, WRONG_IMAGE_SIZE, or HARNESS_FAULT when QEMU
   *     cannot be run; then nothing is left running
   */
  public static Guest start(GuestSpec spec) throws GuestException {
    NvdimmFiles files = NvdimmFiles.of(spec);
    Guest guest = new Guest(spec, files, spec.launcher().start(spec));
    boolean booted = false;
    try {
      Runtime.getRuntime().addShutdownHook(guest.shutdownHook);
      guest.boot();
      booted = true;
      return guest;
    } catch (IllegalStateException e) {
      throw new GuestException(GuestOutcome.HARNESS_FAULT, "the JVM is ending", List.of(), e);
    } finally {
      if (!booted) {
        guest.close();
      }
    }
  }

  private void boot() throws GuestException {
    Deadline deadline = Deadline.after(spec.bootTimeout());
    try {
      qmp = qemu.connect(qemu.qmpSocket(), () -> Qmp.connect(qemu.qmpSocket(), deadline), deadline);
      Channel agent =
          qmp == null
              ? null
              : qemu.connect(
                  qemu.agentSocket(), () -> Channel.connect(qemu.agentSocket()), deadline);
      if (agent == null) {
        throw bootFailure(GuestOutcome.TIMEOUT, "no socket from QEMU " + deadline.describe());
      }
      channel = agent;
      agent.awaitReady(deadline);
      Response response = agent.call(Request.of(WireOp.HELLO), deadline);
      if (response.result() != FrameCodec.PROTOCOL_VERSION) {
        throw fault("the agent speaks protocol " + response.result());
      }
      hello = Handshake.parse(response.text());
    } catch (ChannelFault e) {
      throw bootFailure(e.outcome(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault("interrupted during boot");
    }
  }

  private GuestException bootFailure(GuestOutcome outcome, String why) {
    Postmortem.Verdict verdict = postmortem().of(outcome, why);
    String ending = verdict.reason() + "; the console ends: " + console.lastLine();
    return switch (verdict.outcome()) {
      case TIMEOUT -> failed(GuestOutcome.BOOT_FAILED, "TIMEOUT: " + ending);
      case CHANNEL_CUT, QEMU_DIED -> failed(GuestOutcome.BOOT_FAILED, ending);
      default -> failed(verdict.outcome(), "during boot: " + verdict.reason());
    };
  }

  /** Returns the agent's first message. */
  public Handshake hello() {
    Handshake said = hello;
    if (said == null) {
      throw new IllegalStateException("not booted");
    }
    return said;
  }

  /** Like {@link #request(Request, Duration)}, with the time-out of the spec. */
  public Response request(Request request) throws GuestException {
    return request(request, spec.requestTimeout());
  }

  /**
   * Sends one request and waits for its answer; waits its turn without bound.
   *
   * <p>After silence the guest is asked in other ways ({@link HangDiagnosis}) and ended, which
   * takes up to half a minute more.
   *
   * @throws GuestException every outcome but OK, BOOT_FAILED, SPLAT, OOM and LOCKDEP_OFF; a failed
   *     operation is not an exception but a response with an errno or a signal
   */
  public Response request(Request request, Duration timeout) throws GuestException {
    return request(List.of(request), timeout).getFirst();
  }

  /**
   * Sends requests without waiting for the answers in between; each is run, whatever came of the
   * ones before. For a few small ones.
   *
   * @param timeout of all of them together
   * @throws GuestException as {@link #request(Request, Duration)}
   */
  public List<Response> request(List<Request> requests, Duration timeout) throws GuestException {
    oneAtATime.lock();
    try {
      GuestException before = failure;
      if (before != null) {
        throw before.again();
      }
      Channel agent = channel;
      if (agent == null || closed.get()) {
        throw fault("the guest is closed");
      }
      try {
        return agent.call(requests, Deadline.after(timeout));
      } catch (ChannelFault e) {
        throw refined(e, agent, requests);
      }
    } finally {
      oneAtATime.unlock();
    }
  }

  private GuestException refined(ChannelFault e, Channel agent, List<Request> requests) {
    if (closed.get()) {
      return fault("the guest was closed");
    }
    Postmortem.Verdict verdict = postmortem().of(e.outcome(), String.valueOf(e.getMessage()));
    if (verdict.outcome() == GuestOutcome.TIMEOUT) {
      try {
        verdict = new HangDiagnosis(qemu, console, qmp).run(agent, verdict.reason());
      } catch (InterruptedException interrupt) {
        Thread.currentThread().interrupt();
        return fault("interrupted while the guest was asked why it is silent");
      }
    }
    OptionalInt operation = console.operation();
    for (Request request : requests) {
      if (request.op() instanceof Batch.Contents batch && operation.isPresent()) {
        return failed(
            verdict.outcome(),
            verdict.reason() + "; running " + batch.describe(operation.getAsInt()));
      }
    }
    return failed(verdict.outcome(), verdict.reason());
  }

  private Postmortem postmortem() {
    return new Postmortem(qemu, console, qmp, files);
  }

  private GuestException fault(String message) {
    return failed(GuestOutcome.HARNESS_FAULT, message);
  }

  /** Remembers the first failure. */
  private GuestException failed(GuestOutcome outcome, String message) {
    GuestException e = new GuestException(outcome, message, console.tail(), null);
    if (failure == null) {
      failure = e;
    }
    return e;
  }

  /** The guest's console. */
  public Console console() {
    return console;
  }

  /**
   * Grades everything that the kernel has printed since the last check, up to this moment: a mark
   * is printed through the kernel itself and awaited.
   *
   * @throws GuestException SPLAT, OOM or LOCKDEP_OFF with the first such line, PANIC, OOPS, or how
   *     the guest ended; after a SPLAT, OOM or LOCKDEP_OFF the guest can still be used
   */
  public void check() throws GuestException {
    oneAtATime.lock();
    try {
      Console.Mark mark = new Console.Mark(++marks);
      // Alert level: printed whatever the console's level is.
      Response response =
          request(
              Request.of(WireOp.WRITE_FILE).withStrings("/dev/kmsg", "<1>" + mark.text() + "\n"));
      if (response.result() < 0) {
        throw fault("the guest cannot write to /dev/kmsg: errno " + response.errno());
      }
      if (!console.awaitMark(mark, Deadline.after(MARK_BOUND))) {
        throw fault("the console did not show a mark within " + MARK_BOUND.toSeconds() + " s");
      }
      grade();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault("interrupted while waiting for the console");
    } finally {
      oneAtATime.unlock();
    }
  }

  /**
   * Grades an answer to KERNEL_LOG: what the kernel has logged since it was asked last, from its
   * boot on. The log is as exact as the console and takes no time to be printed.
   *
   * @throws GuestException SPLAT or LOCKDEP_OFF with the first such line, after which the guest can
   *     still be used; HARNESS_FAULT when the log was overwritten before it was read
   */
  public void grade(Response kernelLog) throws GuestException {
    if (kernelLog.result() < 0) {
      throw fault("the kernel's log cannot be read: errno " + kernelLog.errno());
    }
    for (String line : kernelLog.text().lines().toList()) {
      GuestOutcome outcome = SplatScanner.grade(line);
      if (outcome != null) {
        throw new GuestException(outcome, line.strip(), console.tail(), null);
      }
    }
  }

  private void grade() throws GuestException {
    List<Console.Finding> findings = console.takeFindings();
    if (findings.isEmpty()) {
      return;
    }
    Console.Finding first = findings.getFirst();
    for (Console.Finding finding : findings) {
      if (finding.outcome() == GuestOutcome.PANIC || finding.outcome() == GuestOutcome.OOPS) {
        throw failed(finding.outcome(), finding.line().strip());
      }
    }
    throw new GuestException(first.outcome(), first.line().strip(), console.tail(), null);
  }

  /**
   * Returns whether lockdep still checks; false also for a kernel that was built without it.
   *
   * @throws GuestException as {@link #request(Request)}
   */
  public boolean lockdepOn() throws GuestException {
    Response response =
        request(Request.of(WireOp.READ_FILE, 65536).withStrings("/proc/lockdep_stats"));
    return response.result() >= 0
        && response
            .text()
            .lines()
            .map(line -> line.replace(" ", "").replace("\t", ""))
            .anyMatch("debug_locks:1"::equals);
  }

  /**
   * Switches the guest off and releases everything, whatever happens on the way.
   *
   * @throws GuestException the earlier failure of this guest, or why it had to be ended by force
   */
  public void stop() throws GuestException {
    try {
      if (closed.get()) {
        return;
      }
      request(Request.of(WireOp.POWEROFF));
      if (!qemu.awaitExit(Deadline.after(EXIT_BOUND))) {
        quit();
        throw failed(GuestOutcome.TIMEOUT, "QEMU did not end after POWEROFF");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault("interrupted while the guest switched itself off");
    } finally {
      close();
    }
  }

  /**
   * Presses the reset button of the machine, from outside as a BMC does. QEMU ends with the reset,
   * and so does a request of another thread.
   *
   * @throws GuestException HARNESS_FAULT if QEMU does not take the order
   */
  public void reset() throws GuestException {
    Qmp.order(qmp, "system_reset", Deadline.after(QMP_BOUND));
    try {
      if (qemu.awaitExit(Deadline.after(EXIT_BOUND))) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new GuestException(GuestOutcome.HARNESS_FAULT, "QEMU runs after a reset");
  }

  /**
   * Stops the CPUs for good, so that the NVDIMMs hold still as at a power cut. Only {@link #close}
   * may follow.
   *
   * @throws GuestException HARNESS_FAULT if QEMU does not take the order
   */
  public void pause() throws GuestException {
    Qmp.order(qmp, "stop", Deadline.after(QMP_BOUND));
  }

  private void quit() throws InterruptedException {
    Qmp control = qmp;
    if (control != null) {
      control.quit(Deadline.after(QMP_BOUND));
      qemu.awaitExit(Deadline.after(QMP_BOUND));
    }
  }

  /** Ends the guest now, as a power cut does. Idempotent; ends a request of another thread. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    qemu.destroy();
    release(channel);
    release(qmp);
    try {
      console.join(Deadline.after(READER_BOUND));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, and finds nothing left to do.
    }
  }

  private static void release(@Nullable AutoCloseable resource) {
    try {
      if (resource != null) {
        resource.close();
      }
    } catch (Exception e) {
      System.err.println("pmem4j: " + e.getMessage());
    }
  }

  /** QEMU's process id on the host. */
  public long pid() {
    return qemu.pid();
  }
}
