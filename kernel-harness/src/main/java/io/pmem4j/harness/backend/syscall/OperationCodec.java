// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.kernel.ErrnoNames;
import io.pmem4j.harness.kernel.LockEdges;
import io.pmem4j.harness.program.AtimeOption;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The operations of one program as system calls of a real kernel: the requests to the operation
 * core, wherever it runs, and its answers as outcomes. Keeps the slots that the program's names
 * stand for.
 */
public final class OperationCodec {
  public static final long PAGE_BYTES = 4096;

  private static final String PROGRAM = "";

  /** A child that has not answered by then hangs. */
  private static final long CHILD_MILLIS = 20_000;

  private static final long MS_RDONLY = 1;

  /** The properties of the machine that runs the program. */
  public interface Place {
    /** The path that the kernel is given for a path of the program. */
    String path(String programPath);

    /** The root of the mount. */
    default String mountPoint() {
      return path("");
    }

    /** Returns the flags of mount(2) that a remount keeps. */
    default long mountFlags() {
      return AtimeOption.NOATIME.mountFlag();
    }

    /**
     * Returns the alignment of a mapping for which the program asks no address; 0 for any address.
     */
    default long alignment() {
      return 0;
    }

    /** A pagemap entry in words. */
    String page(long entry);

    /** The pid that a child is to have; 0 for any. */
    default long pidOfChild(int number) {
      return 0;
    }

    /** A time stamp, seconds since the epoch, relative to the program's start. */
    String time(long seconds);
  }

  private final Place place;

  /**
   * The slots of files: requests are encoded before earlier ones are answered, so the table runs
   * ahead.
   */
  private final SlotTable files = new SlotTable("file");

  private final SlotTable mappingSlots = new SlotTable("mapping");
  private final SlotTable children = new SlotTable("child");
  private final SyscallCodec verbs;
  private boolean late;

  /** Set while the request of a child is made. */
  private boolean childActs;

  /** The mappings of each process as the answers so far have it; the program's own is "". */
  private final Map<String, MappedPlaces> spaces = new HashMap<>();

  /** The mappings of the process whose answer is decoded. */
  private MappedPlaces mappings = new MappedPlaces();

  public OperationCodec(Place place) {
    this.place = place;
    this.verbs = new SyscallCodec(place, files, mappingSlots);
    spaces.put(PROGRAM, mappings);
  }

  /** The requests that an operation is, each at this second; 0 leaves the clock alone. */
  public List<Request> requests(Operation operation, long clock) {
    if (operation instanceof Operation.In in) {
      int child = children.of(in.child());
      byte[] inner = ofChild(in.operation()).withClock(clock).encode();
      return List.of(
          Request.of(WireOp.TASK_OP, child).withBlob(inner),
          Request.of(WireOp.TASK_WAIT, child, CHILD_MILLIS));
    }
    if (operation instanceof Operation.Begin begin) {
      byte[] inner = ofChild(begin.operation()).withClock(clock).encode();
      return List.of(Request.of(WireOp.TASK_OP, children.of(begin.child())).withBlob(inner));
    }
    return List.of(request(operation).withClock(clock));
  }

  /** Decodes an answer of a task that waited for others: it may be late. */
  private Outcome.Builder awaited(Operation operation, Response response) {
    boolean before = late;
    Outcome.Builder outcome = outcome(operation, response);
    late = before;
    return outcome;
  }

  /** Returns whether an operation so far ended after the second in which it should have run. */
  public boolean late() {
    return late;
  }

  /** The agent's number of a child. */
  public int child(String name) {
    return children.of(name);
  }

  /**
   * Returns the answer of the call that an operation is: the wait for a child's carries it.
   *
   * @param last the last answer to the requests of the operation
   */
  public static Response own(Operation operation, Response last) throws GuestException {
    return operation instanceof Operation.In && last.result() == 0
        ? Response.of(last.data())
        : last;
  }

  /** Decodes the answers to all requests of an operation, without events. */
  public Outcome.Builder outcome(Operation operation, List<Response> answers)
      throws GuestException {
    mappings = spaceOf(operation);
    if (operation instanceof Operation.In in) {
      Response end = answers.getLast();
      if (answers.getFirst().result() < 0 || end.result() != 0) {
        throw new IllegalArgumentException("the child " + in.child() + " did not answer");
      }
      return outcome(in.operation(), Response.of(end.data()));
    }
    if (operation instanceof Operation.Await await) {
      Response end = answers.getLast();
      return end.result() == 0
          ? awaited(await.operation(), Response.of(end.data()))
          : Outcome.builder().value("result", end.result() == 1 ? "running" : "none");
    }
    return outcome(operation, answers.getLast());
  }

  private Request ofChild(Operation operation) {
    childActs = true;
    try {
      return request(operation);
    } finally {
      childActs = false;
    }
  }

  private SlotTable.Reuse reuse() {
    return childActs
        ? SlotTable.Reuse.NEVER
        : children.isEmpty() ? SlotTable.Reuse.NOW : SlotTable.Reuse.AFTER_CHILDREN;
  }

  private MappedPlaces spaceOf(Operation operation) {
    String process =
        switch (operation) {
          case Operation.In in -> in.child();
          case Operation.Await await -> await.child();
          default -> PROGRAM;
        };
    return Objects.requireNonNull(spaces.get(process), process);
  }

  private Request rendezvous(String command, String point, String child, String rest) {
    return Request.of(WireOp.RENDEZVOUS)
        .withStrings(command + " " + point + " " + children.of(child) + rest);
  }

  /**
   * Encodes a remount: the flags of mount(2) are kept, because they are no options of the file
   * system.
   */
  private Request remount(Operation.Remount remount) {
    List<String> options = new ArrayList<>(List.of(remount.options().split(",", -1)));
    long flags = place.mountFlags() | (options.remove("ro") ? MS_RDONLY : 0);
    options.remove("rw");
    return Request.of(WireOp.REMOUNT, flags)
        .withStrings(place.mountPoint(), String.join(",", options));
  }

  private Request request(Operation operation) {
    return switch (operation) {
      case Operation.Call call -> verbs.request(call, reuse());
      case Operation.Fork fork -> {
        int child = children.take(fork.child());
        yield Request.of(WireOp.TASK_START, child, place.pidOfChild(child));
      }
      case Operation.Park park -> rendezvous("arm", park.point(), park.child(), " 1");
      case Operation.Release release -> rendezvous("go", release.point(), release.child(), "");
      case Operation.Arrive arrive ->
          Request.of(WireOp.RENDEZVOUS_WAIT, children.of(arrive.child()), CHILD_MILLIS)
              .withStrings(arrive.point());
      case Operation.Await await ->
          Request.of(WireOp.TASK_WAIT, children.of(await.child()), CHILD_MILLIS);
      case Operation.Exit exit -> {
        int child = children.release(exit.child(), SlotTable.Reuse.NOW);
        if (children.isEmpty()) {
          files.recycle();
          mappingSlots.recycle();
        }
        yield Request.of(WireOp.TASK_END, child);
      }
      case Operation.Remount remount -> remount(remount);
      case Operation.Mounted _ -> Request.of(WireOp.READ_FILE, 65536).withStrings("/proc/mounts");
      case Operation.Lockdep _ ->
          Request.of(WireOp.READ_FILE, 4_000_000).withStrings("/proc/lockdep");
      case Operation.In _,
          Operation.Begin _,
          Operation.Blocked _,
          Operation.Clock _,
          Operation.PowerCut _,
          Operation.LossyCut _ ->
          throw new IllegalArgumentException("not a single request: " + operation);
    };
  }

  private Outcome.Builder outcome(Operation operation, Response response) {
    late |= response.isLate();
    if (response.status() != Response.STATUS_OK && !response.isLate()) {
      if (usesMissingMapping(operation)) {
        return Outcome.builder().value("result", "none");
      }
      throw new IllegalArgumentException("the core did not understand " + operation);
    }
    if (response.signo() != 0) {
      return Outcome.builder().value("result", -1).value("signal", signal(operation, response));
    }
    if (response.errno() != 0) {
      return OutcomeText.failed(ErrnoNames.of(response.errno()));
    }
    Outcome.Builder plain = Outcome.builder().value("result", response.result());
    Outcome.Builder zero = Outcome.builder().value("result", 0);
    return switch (operation) {
      case Operation.Call call -> {
        remap(call, response.result());
        yield verbs.outcome(call, response);
      }
      case Operation.Fork fork -> {
        spaces.put(fork.child(), mappings.fork());
        yield zero;
      }
      case Operation.Mounted _ -> zero.value("options", options(response.text()));
      case Operation.Lockdep edge -> zero.value("result", taken(edge, response.text()) ? 1 : 0);
      default -> plain;
    };
  }

  /**
   * Returns whether the operation uses a mapping that does not exist. mmap(2) of another file
   * system may refuse what ext2 grants, and the rest of the program still runs.
   */
  private boolean usesMissingMapping(Operation operation) {
    return operation instanceof Operation.Call call
        && IntStream.range(0, call.arguments().size())
            .filter(i -> call.syscall().parameters().get(i).kind().isUsedMapping())
            .anyMatch(i -> !mappings.has(call.text(i)));
  }

  /** Records the place of a mapping that a call has made, moved or removed. */
  private void remap(Operation.Call call, long address) {
    switch (call.syscall()) {
      case MMAP -> mappings.put(call.text(0), address, call.number(3), call.number(2));
      case MREMAP -> mappings.move(call.text(0), address, call.number(1));
      case MUNMAP -> mappings.remove(call.text(0));
      default -> {}
    }
  }

  private String options(String mounts) {
    String target = " " + place.mountPoint() + " ";
    return mounts
        .lines()
        .filter(line -> line.contains(target))
        .map(line -> line.split(" ", -1)[3])
        .reduce("", (before, last) -> last);
  }

  /** Classes are named as lockdep does, without the number that tells classes of a name apart. */
  private static boolean taken(Operation.Lockdep edge, String lockdep) {
    String wanted = edge.outer() + " -> " + edge.inner();
    return LockEdges.parse(lockdep).edges().stream()
        .anyMatch(found -> found.replaceAll("#\\d+", "").equals(wanted));
  }

  private String signal(Operation operation, Response response) {
    if (!(operation instanceof Operation.Call call)) {
      throw new IllegalArgumentException("a signal from " + operation);
    }
    String name = call.text(0);
    return OutcomeText.signal(
        response.signo(), response.sicode(), name, response.faultAddress() - mappings.base(name));
  }

  /** The page of the file that is mapped at an address of the process that was answered last. */
  public long pageIndex(long address) {
    return mappings.pageIndex(address);
  }

  /** The slot of an open file. */
  public int file(String name) {
    return files.of(name);
  }
}
