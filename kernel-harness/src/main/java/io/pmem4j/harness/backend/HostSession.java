// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.guest.Request;
import io.pmem4j.harness.guest.Response;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A program in a directory of its own on the running kernel. */
final class HostSession implements Session, SystemCalls.Place {
  private final OperationCore core;
  private final Path root;
  private final HostPages pages;
  private final SystemCalls calls = new SystemCalls(this);
  private final HostClock clock = new HostClock(System::currentTimeMillis);

  HostSession(OperationCore core, Path root, HostPages pages) {
    this.core = core;
    this.root = root;
    this.pages = pages;
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    if (operation instanceof Operation.Clock forward) {
      letPass(clock.forward(forward.seconds()));
      return Outcome.of(0);
    }
    try {
      clock.note();
      List<Response> answers = new ArrayList<>();
      for (Request request : calls.requests(operation, 0)) {
        answers.add(core.run(request));
      }
      clock.note();
      return calls.outcome(operation, answers).build();
    } catch (IOException e) {
      throw BackendException.hostBroke("host: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw BackendException.environment("host: " + e.getMessage(), e);
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
  public String page(long entry) {
    return pages.page(entry);
  }

  @Override
  public String time(long seconds) {
    return clock.time(seconds);
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    core.close();
    try {
      remove();
    } catch (IOException e) {
      throw BackendException.environment("host: " + e, e);
    }
    return Optional.empty();
  }

  @Override
  public void abandon() {
    core.close();
    try {
      remove();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void remove() throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> tree = Files.walk(root)) {
      deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
