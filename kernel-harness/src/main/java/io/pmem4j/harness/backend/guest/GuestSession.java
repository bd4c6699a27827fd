// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.backend.syscall.OperationCodec;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.TaskClient;
import io.pmem4j.harness.guest.TaskState;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Batch;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A program on the booted kernel: one process, made by the agent with the program's pid. */
final class GuestSession implements Session, OperationCodec.Place {
  /** So that a batch that hangs is noticed within the time of a request. */
  private static final int MOST_IN_A_BATCH = 128;

  private static final Duration ASLEEP_BOUND = Duration.ofSeconds(20);

  private final GuestBackend backend;
  private final Program program;
  private final ChoiceReadings readings;
  private final long firstFrame;
  private final TraceText trace;
  private final Optional<LossyMedium> medium;
  private Guest guest;
  private Optional<DurabilityPromises> promises;
  private boolean late;
  private OperationCodec calls = new OperationCodec(this);
  private long clock = Program.CLOCK_BASE_SECONDS;

  /**
   * Begins on a mounted file system.
   *
   * @param medium of a program that cuts the power lossily
   */
  GuestSession(
      GuestBackend backend,
      Guest guest,
      Program program,
      KernelChoices choices,
      Optional<LossyMedium> medium) {
    this.medium = medium;
    this.backend = backend;
    this.program = program;
    this.guest = guest;
    this.readings = new ChoiceReadings(program, choices);
    this.promises = DurabilityPromises.of(program);
    this.firstFrame = guest.hello().resource() / OperationCodec.PAGE_BYTES;
    this.trace = new TraceText(firstFrame, address -> calls.pageIndex(address));
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    List<Outcome> outcomes = new ArrayList<>();
    run(List.of(operation), outcomes::add);
    return outcomes.getFirst();
  }

  @Override
  public void run(List<Operation> operations, Consumer<Outcome> each) throws BackendException {
    int from = 0;
    // The promises of an operation depend on the files that the ones before it have opened.
    int most = promises.isPresent() || medium.isPresent() ? 1 : MOST_IN_A_BATCH;
    for (int to = 0; to <= operations.size(); to++) {
      Operation next = to < operations.size() ? operations.get(to) : null;
      boolean cut = next instanceof Operation.PowerCut || next instanceof Operation.LossyCut;
      boolean busy = to > from && leavesWork(operations.get(to - 1));
      if (cut
          || next instanceof Operation.Blocked
          || to == operations.size()
          || to - from == most
          || busy) {
        batch(operations.subList(from, to), each);
        if (busy) {
          awaitIdle();
        }
        from = to;
      }
      if (next instanceof Operation.Blocked blocked) {
        each.accept(whereItSleeps(calls.child(blocked.child())));
        from = to + 1;
      }
      if (cut) {
        guest = next instanceof Operation.LossyCut lossy ? cut(lossy.seed()) : cut();
        promises = DurabilityPromises.of(program);
        late |= calls.late();
        calls = new OperationCodec(this);
        each.accept(Outcome.of(0));
        from = to + 1;
      }
    }
  }

  /**
   * Polls a task until it sleeps on a lock, because the kernel does not announce that. The answer
   * does not depend on the time of the poll: the holder of the lock is parked at a point.
   */
  private Outcome whereItSleeps(int child) throws BackendException {
    try {
      TaskState state =
          TaskClient.awaitState(
              guest,
              child,
              now -> now.sleepsOnALock() || !now.operation().equals("running"),
              ASLEEP_BOUND);
      return state.sleepsOnALock()
          ? Outcome.builder()
              .value("result", 0)
              .value("wchan", state.wchan())
              .value("in", state.wantedBy())
              .build()
          : Outcome.builder().value("result", state.operation()).build();
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  private void batch(List<Operation> operations, Consumer<Outcome> each) throws BackendException {
    if (operations.isEmpty()) {
      return;
    }
    try {
      readings.begin();
      List<Request> requests = new ArrayList<>();
      List<Integer> sizes = new ArrayList<>();
      for (Operation operation : operations) {
        if (operation instanceof Operation.Clock forward) {
          clock += forward.seconds();
          continue;
        }
        requests.addAll(readings.before(operation));
        List<Request> one = calls.requests(operation, clock);
        sizes.add(one.size());
        requests.addAll(one);
        requests.addAll(readings.after(operation, calls));
        reads(promised(operation)).forEach(requests::add);
      }
      Iterator<Response> answers = ask(guest, requests).iterator();
      Iterator<Integer> size = sizes.iterator();
      for (Operation operation : operations) {
        if (operation instanceof Operation.Clock) {
          answer(operation, Outcome.of(0), each);
          continue;
        }
        readings.answeredBefore(operation, answers);
        List<Response> mine = new ArrayList<>();
        for (int i = size.next(); i > 0; i--) {
          mine.add(answers.next());
        }
        Response own = OperationCodec.own(operation, mine.getLast());
        readings.answered(operation, own, answers);
        List<String> promised = promised(operation);
        List<Response> contents = new ArrayList<>();
        for (int i = 0; i < promised.size(); i++) {
          contents.add(answers.next());
        }
        keep(operation, own, promised, contents);
        answer(
            operation,
            calls.outcome(operation, mine).events(trace.events(mine.getLast().events())).build(),
            each);
      }
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IllegalArgumentException e) {
      throw BackendException.environment("guest: " + e.getMessage(), e);
    }
  }

  private void awaitIdle() throws BackendException {
    try {
      FlusherTrace.awaitIdle(guest);
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /** Returns whether the flusher may go on after an operation: sync(2) wakes it and goes. */
  private boolean leavesWork(Operation operation) {
    return !program.hasDax() && operation.withoutChild().isCall(Syscall.SYNC);
  }

  private List<String> promised(Operation operation) {
    return promises.map(kept -> kept.promisedBy(operation)).orElse(List.of());
  }

  private List<Request> reads(List<String> files) {
    return files.stream()
        .map(file -> Request.of(Syscall.PREAD, calls.file(file), 0, PromisedFiles.MAX_BYTES))
        .toList();
  }

  private void keep(
      Operation operation, Response answer, List<String> promised, List<Response> contents) {
    if (promises.isEmpty() || answer.errno() != 0 || answer.result() < 0) {
      return;
    }
    promises.get().succeeded(operation);
    for (int i = 0; i < promised.size(); i++) {
      if (contents.get(i).errno() == 0) {
        promises.get().promise(promised.get(i), contents.get(i).data());
      }
    }
  }

  /** Ends the guest; what it has stored stays. */
  private Guest cut() throws BackendException {
    readAtTheCut();
    Guest next = backend.cutPower(program, clock, this::repair);
    begin(next);
    return next;
  }

  private void repair(FsImage image) throws BackendException, IOException {
    if (promises.isEmpty()) {
      return;
    }
    String left = E2fsck.repair(image).left();
    List<String> broken = left.isEmpty() ? promises.get().broken(image) : List.of(left);
    if (!broken.isEmpty()) {
      throw BackendException.promiseBroken("after the power cut: " + String.join("; ", broken));
    }
  }

  /** Ends the guest; a choice of what it has stored stays. */
  private Guest cut(long seed) throws BackendException {
    try {
      LossyMedium.State state = medium.orElseThrow().cut(seed);
      List<PromisedFiles> kept = new ArrayList<>();
      Guest next = backend.cutPower(program, clock, _ -> kept.add(state.leave()));
      LossyMedium.judge(kept.getFirst(), next);
      begin(next);
      return next;
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  private void begin(Guest next) throws BackendException {
    if (medium.isEmpty()) {
      return;
    }
    try {
      medium.get().begin(next);
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IOException e) {
      throw BackendException.environment("guest: " + e, e);
    }
  }

  private void answer(Operation operation, Outcome outcome, Consumer<Outcome> each)
      throws GuestException {
    if (medium.isPresent()) {
      medium.get().returned(guest, operation, outcome);
    }
    each.accept(outcome);
  }

  private void readAtTheCut() throws BackendException {
    if (promises.isEmpty()) {
      return;
    }
    List<String> files = promises.get().open();
    try {
      List<Response> contents = ask(guest, reads(files));
      for (int i = 0; i < files.size(); i++) {
        if (contents.get(i).errno() == 0) {
          promises.get().atTheCut(files.get(i), contents.get(i).data());
        }
      }
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  /** Sends as many requests as one frame carries at a time, until all have been answered. */
  static List<Response> ask(Guest guest, List<Request> requests) throws GuestException {
    List<Response> answers = new ArrayList<>();
    while (answers.size() < requests.size()) {
      List<Request> rest = requests.subList(answers.size(), requests.size());
      answers.addAll(Batch.answers(guest.request(Batch.of(rest))));
    }
    return answers;
  }

  /** Another pid of the same colour, so that a child's blocks lie where the program's do. */
  @Override
  public long pidOfChild(int number) {
    return program.pid() + 16L * (number + 1);
  }

  @Override
  public String path(String programPath) {
    return GuestBackend.inGuest(programPath);
  }

  @Override
  public long mountFlags() {
    return program.mount().keptFlags();
  }

  @Override
  public long alignment() {
    return backend.kernel().alignment();
  }

  /**
   * A pagemap entry: bit 63 present, bits 58 and 59 anonymous and zero (the agent's), bit 56 mapped
   * once and accounted to the process (an anonymous page; frames of DAX and the zero page are not),
   * bit 61 for DAX one entry for 2 MiB and else a page of the page cache, bits 0 to 54 the frame.
   */
  @Override
  public String page(long entry) {
    long frame = entry & ((1L << 55) - 1);
    if (entry >= 0) {
      return "none";
    }
    if (frame >= firstFrame && frame < firstFrame + FsImage.FS_BYTES / OperationCodec.PAGE_BYTES) {
      return "block:" + (frame - firstFrame) + (huge(entry) ? ":huge" : "");
    }
    // Bit 61 of a 4 KiB page: it is mapped and a file's, so the page cache's.
    if ((entry & (1L << 61)) != 0) {
      return "page";
    }
    long anonymous = 1L << 56 | 1L << Wire.PAGEMAP_ANON_BIT;
    if ((entry & anonymous) != 0) {
      return "anon";
    }
    // A page of another kind, or one that /proc/kpageflags says nothing of.
    return (entry & 1L << Wire.PAGEMAP_ZERO_BIT) != 0 ? "zero" : "unknown";
  }

  /** Bit 61 is that of file pages, which DAX pages of 4 KiB are in later kernels alone. */
  private boolean huge(long entry) {
    return backend.kernel().hasPoints() && (entry & (1L << 61)) != 0;
  }

  @Override
  public String time(long seconds) {
    return OutcomeText.time(seconds);
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    if (program.hasDax()) {
      return Optional.of(backend.finish(guest, program, clock));
    }
    try {
      guest.request(FlusherTrace.take());
      FsImage image = backend.finish(guest, program, clock);
      readings.unmounted(guest.request(FlusherTrace.take()));
      return Optional.of(image);
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }

  @Override
  public boolean inTime() {
    return !late && !calls.late() && !backend.late();
  }

  @Override
  public void abandon() {
    backend.discard();
  }
}
