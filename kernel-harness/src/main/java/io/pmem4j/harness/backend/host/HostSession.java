// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.backend.syscall.OperationCodec;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A program in a directory of its own on the running kernel. */
final class HostSession implements Session, OperationCodec.Place {
  /**
   * The time limit of an operation on a frozen mount, below the limit of an operation of a child.
   */
  private static final Duration FROZEN_BOUND = Duration.ofSeconds(10);

  private final OperationCore core;
  private final Path root;
  private final HostPages pages;
  private final HostMount mount;

  /** Read by the end of the JVM while an operation may be waiting for the thaw. */
  private volatile boolean frozen;

  private boolean remounted;
  private boolean left;
  private final Runnable parkIfEnding;
  private final OperationCodec calls = new OperationCodec(this);
  private final HostClock clock = new HostClock(System::currentTimeMillis);

  /**
   * Begins a session in the program's directory.
   *
   * @param root the program's directory, which is removed at the end
   * @param mount that it lies on, as it is to be left
   * @param parkIfEnding stops the calling thread for good once the JVM is ending
   */
  HostSession(
      OperationCore core, Path root, HostPages pages, HostMount mount, Runnable parkIfEnding) {
    this.core = core;
    this.root = root;
    this.pages = pages;
    this.mount = mount;
    this.parkIfEnding = parkIfEnding;
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    if (operation instanceof Operation.Clock forward) {
      letPass(clock.forward(forward.seconds()));
      return Outcome.of(0);
    }
    try {
      clock.note();
      List<Response> answers = answers(operation);
      clock.note();
      return calls.outcome(operation, answers).build();
    } catch (IOException | IllegalStateException e) {
      parkIfEnding.run();
      throw BackendException.hostBroke("host: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw BackendException.environment("host: " + e.getMessage(), e);
    }
  }

  private List<Response> answers(Operation operation) throws IOException {
    Operation done = operation.withoutChild();
    remounted |= done instanceof Operation.Remount;
    List<Response> answers = new ArrayList<>();
    if (!frozen) {
      frozen = done instanceof Operation.Call call && call.syscall() == Syscall.FREEZE;
      for (Request request : calls.requests(operation, 0)) {
        answers.add(core.run(request));
      }
      return answers;
    }
    try (ThawWatchdog thaw = new ThawWatchdog(mount::thaw, FROZEN_BOUND)) {
      for (Request request : calls.requests(operation, 0)) {
        answers.add(core.run(request));
      }
      if (thaw.fired()) {
        throw new IOException(
            mount.point() + " was thawed: an operation waited for it " + FROZEN_BOUND);
      }
      return answers;
    }
  }

  /** It is time itself that has to pass here; no event could be waited for instead. */
  private static void letPass(long millis) throws BackendException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw BackendException.environment("host: interrupted", e);
    }
  }

  @Override
  public String path(String programPath) {
    return root + programPath;
  }

  @Override
  public String mountPoint() {
    return mount.point().toString();
  }

  @Override
  public long mountFlags() {
    return mount.keptFlags();
  }

  @Override
  public String page(long entry) {
    return pages.page(entry);
  }

  @Override
  public String time(long seconds) {
    return clock.time(seconds);
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    try {
      leave();
    } catch (IOException e) {
      parkIfEnding.run();
      throw BackendException.environment("host: " + e, e);
    }
    return Optional.empty();
  }

  @Override
  public void abandon() {
    try {
      leave();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The mount as it was found, without the program's directory. */
  private synchronized void leave() throws IOException {
    if (left) {
      return;
    }
    left = true;
    if (frozen) {
      // First of all: a task blocked on the freeze cannot be ended before.
      mount.thaw();
    }
    core.close();
    try {
      if (remounted) {
        mount.restore();
      }
    } finally {
      ProgramDirectory.remove(root);
    }
  }
}
