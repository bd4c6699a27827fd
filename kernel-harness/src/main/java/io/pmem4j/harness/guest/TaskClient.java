// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.wire.ChannelFault;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.Wire;
import io.pmem4j.harness.wire.WireOp;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A task of the guest: an executor beside the one that serves, forked from it with the files and
 * mappings that are open at that moment. It runs one operation at a time while the guest goes on
 * answering, and can be made to wait at a rendezvous point in the middle of it. For one thread.
 */
public final class TaskClient implements AutoCloseable {
  /** The time that the transport may take in addition to the wait in the guest. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  private final Guest guest;
  private final int number;
  private final long pid;

  private TaskClient(Guest guest, int number, long pid) {
    this.guest = guest;
    this.number = number;
    this.pid = pid;
  }

  /**
   * Starts a task.
   *
   * @param number 0 to {@link Wire#TASKS} - 1, not in use
   * @throws GuestException HARNESS_FAULT when there is no such task to be had
   */
  public static TaskClient start(Guest guest, int number) throws GuestException {
    Response response =
        expect(guest.request(Request.of(WireOp.TASK_START, number, 0)), "TASK_START");
    return new TaskClient(guest, number, response.result());
  }

  /** Returns the pid of the task. */
  public long pid() {
    return pid;
  }

  /** Has the task begin an operation; the answer is fetched by {@link #await}. */
  public void submit(Request operation) throws GuestException {
    expect(
        guest.request(Request.of(WireOp.TASK_OP, number).withBlob(operation.encode())), "TASK_OP");
  }

  /**
   * The answer of the operation with the events of this task, or null while it still runs.
   *
   * @throws GuestException also when the task died of it
   */
  public @Nullable Response await(Duration bound) throws GuestException {
    Response response =
        expect(
            guest.request(
                Request.of(WireOp.TASK_WAIT, number, bound.toMillis()), bound.plus(GRACE)),
            "TASK_WAIT");
    if (response.result() == 1) {
      return null;
    }
    try {
      Response inner = Response.decode(response.data());
      return new Response(
          inner.result(),
          inner.errno(),
          inner.signo(),
          inner.sicode(),
          inner.status(),
          inner.faultAddress(),
          inner.data(),
          response.events());
    } catch (ChannelFault e) {
      throw new GuestException(e.outcome(), String.valueOf(e.getMessage()));
    }
  }

  /** Returns the present state of the task. */
  public TaskState state() throws GuestException {
    return stateOf(guest, number);
  }

  private static TaskState stateOf(Guest guest, int number) throws GuestException {
    return TaskState.parse(
        expect(guest.request(Request.of(WireOp.TASK_STATE, number)), "TASK_STATE").text());
  }

  /**
   * Polls the task until its state satisfies a condition. The kernel does not announce that a task
   * has fallen asleep on a lock; the answer depends on the state, never on the time.
   *
   * @return the state that satisfied, or the last one
   */
  public TaskState awaitState(Predicate<TaskState> there, Duration bound) throws GuestException {
    return awaitState(guest, number, there, bound);
  }

  /** The same of a task that was started otherwise. */
  public static TaskState awaitState(
      Guest guest, int number, Predicate<TaskState> there, Duration bound) throws GuestException {
    Deadline deadline = Deadline.after(bound);
    TaskState now = stateOf(guest, number);
    while (!there.test(now) && !deadline.passed()) {
      now = stateOf(guest, number);
    }
    return now;
  }

  /** Makes the task wait at its next arrival at a point of {@code fs/rendezvous.c}. */
  public void arm(String point) throws GuestException {
    control("arm " + point + " " + number + " 1");
  }

  /** Lets the task go on from a point, or takes the arming back. */
  public void go(String point) throws GuestException {
    control("go " + point + " " + number);
  }

  private void control(String command) throws GuestException {
    expect(guest.request(Request.of(WireOp.RENDEZVOUS).withStrings(command)), command);
  }

  /**
   * Returns whether the task arrives at the point within {@code bound} and before its operation
   * ends.
   */
  public boolean awaitAt(String point, Duration bound) throws GuestException {
    Request request =
        Request.of(WireOp.RENDEZVOUS_WAIT, number, bound.toMillis()).withStrings(point);
    return expect(guest.request(request, bound.plus(GRACE)), point).result() == 0;
  }

  /** Ends the task, in the middle of its operation if need be. */
  @Override
  public void close() throws GuestException {
    expect(guest.request(Request.of(WireOp.TASK_END, number)), "TASK_END");
  }

  private static Response expect(Response response, String what) throws GuestException {
    if (response.status() != Response.STATUS_OK || response.result() < 0) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT,
          what + ": status " + response.status() + ", errno " + response.errno());
    }
    return response;
  }
}
