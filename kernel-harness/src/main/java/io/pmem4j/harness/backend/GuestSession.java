// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.GuestException;
import io.pmem4j.harness.guest.Op;
import io.pmem4j.harness.guest.Request;
import io.pmem4j.harness.guest.Response;
import io.pmem4j.harness.guest.Wire;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** A program on the booted kernel: one process, made by the agent with the program's pid. */
final class GuestSession implements Session, SystemCalls.Place {
  private final GuestBackend backend;
  private final Guest guest;
  private final KernelChoices choices;
  private final long firstFrame;
  private final TraceText trace;
  private final SystemCalls calls = new SystemCalls(this);
  private long clock = Backend.CLOCK_BASE_SECONDS;

  GuestSession(GuestBackend backend, Guest guest, KernelChoices choices) {
    this.backend = backend;
    this.guest = guest;
    this.choices = choices;
    this.firstFrame = guest.hello().resource() / SystemCalls.PAGE_BYTES;
    this.trace = new TraceText(firstFrame, calls::pageIndex);
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    if (operation instanceof Operation.Clock forward) {
      clock += forward.seconds();
      return Outcome.of(0);
    }
    try {
      Response response = guest.request(calls.request(operation).withClock(clock));
      if (response.status() != 0) {
        throw BackendException.environment(
            "guest: the agent did not understand " + operation, null);
      }
      if (operation instanceof Operation.Open open && response.result() >= 0) {
        readGeneration(open);
      }
      return calls.outcome(operation, response).events(trace.events(response.events())).build();
    } catch (GuestException e) {
      throw BackendException.of(e);
    } catch (IllegalArgumentException | SystemCalls.MissingException e) {
      throw BackendException.environment("guest: " + e.getMessage(), e);
    }
  }

  /** The first file that a program opens is, on a fresh file system, the first that it makes. */
  private void readGeneration(Operation.Open open) throws GuestException {
    Response stat = guest.request(Request.of(Op.FSTAT, calls.file(open.file())));
    if (stat.data().length == Wire.STAT_BYTES) {
      choices.generationBase(
          ByteBuffer.wrap(stat.data())
              .order(ByteOrder.LITTLE_ENDIAN)
              .getInt(Wire.STAT_GENERATION_OFFSET));
    }
  }

  @Override
  public String path(String programPath) {
    return GuestBackend.inGuest(programPath);
  }

  @Override
  public long alignment() {
    return backend.kernel().alignment();
  }

  /**
   * A pagemap entry: bit 63 present, bit 56 mapped once and accounted to the process (an anonymous
   * page; frames of DAX and the zero page are not), bit 61 for DAX one entry for 2 MiB, bits 0 to
   * 54 the frame.
   */
  @Override
  public String page(long entry) {
    long frame = entry & ((1L << 55) - 1);
    if (entry >= 0) {
      return "none";
    }
    if (frame >= firstFrame && frame < firstFrame + FsImage.FS_BYTES / SystemCalls.PAGE_BYTES) {
      return "block:" + (frame - firstFrame) + ((entry & (1L << 61)) != 0 ? ":huge" : "");
    }
    return (entry & (1L << 56)) != 0 ? "anon" : "zero";
  }

  @Override
  public String time(long seconds) {
    return Texts.time(seconds);
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    return Optional.of(backend.finish(guest, clock));
  }

  @Override
  public void abandon() {
    backend.discard();
  }
}
