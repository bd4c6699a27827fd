// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.DirectoryChoices;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.syscall.OperationCodec;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.Wire;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.List;

/**
 * The generation of the first inode that a program makes. mke2fs and debugfs leave the generation
 * 0, so the first file or directory with another one is the first that was made, but for those of
 * which nothing can be asked.
 */
final class FirstGeneration {
  private static final int SLOT = Wire.SLOTS - 1;
  private static final int O_DIRECTORY_NOFOLLOW = 0600000;

  private final KernelChoices choices;

  /** Inodes that were made and cannot be opened. */
  private int silent;

  FirstGeneration(KernelChoices choices) {
    this.choices = choices;
  }

  /** Returns what to ask after an operation. */
  List<Request> questions(Operation operation, OperationCodec calls) {
    if (operation instanceof Operation.In in) {
      return questionsOf(in, calls);
    }
    if (!(operation instanceof Operation.Call call)) {
      return List.of();
    }
    return switch (call.syscall()) {
      case OPEN -> List.of(Request.of(Syscall.FSTAT, calls.file(call.text(0))));
      case MKDIR ->
          List.of(
              Request.of(Syscall.OPEN, SLOT, O_DIRECTORY_NOFOLLOW, 0)
                  .withStrings(
                      GuestBackend.inGuest(DirectoryChoices.madeBy(operation).orElseThrow())),
              Request.of(Syscall.FSTAT, SLOT),
              Request.of(Syscall.CLOSE, SLOT));
      default -> List.of();
    };
  }

  /** A child's file is asked for by the child, a directory by its path. */
  private List<Request> questionsOf(Operation.In in, OperationCodec calls) {
    return in.operation() instanceof Operation.Call call && call.syscall() == Syscall.OPEN
        ? calls.requests(new Operation.In(in.child(), fstat(call)), 0)
        : questions(in.operation(), calls);
  }

  private static Operation fstat(Operation.Call open) {
    return new Operation.Call(Syscall.FSTAT, List.of(open.arguments().getFirst()));
  }

  /**
   * Takes the answers to the {@link #questions}.
   *
   * @param answer of the call itself, a child's or not
   */
  void answered(Operation operation, Response answer, Iterator<Response> answers) {
    if (operation instanceof Operation.In in) {
      answeredIn(in, answer, answers);
      return;
    }
    if (!(operation instanceof Operation.Call call)) {
      return;
    }
    switch (call.syscall()) {
      case OPEN -> from(answers.next());
      case MKDIR -> {
        answers.next();
        from(answers.next());
        answers.next();
      }
      case SYMLINK -> silent += answer.result() == 0 && answer.errno() == 0 ? 1 : 0;
      default -> {}
    }
  }

  private void answeredIn(Operation.In in, Response answer, Iterator<Response> answers) {
    try {
      if (in.operation() instanceof Operation.Call call && call.syscall() == Syscall.OPEN) {
        answers.next();
        from(ofChild(answers.next()));
      } else {
        answered(in.operation(), answer, answers);
      }
    } catch (GuestException e) {
      throw new IllegalArgumentException("the answer of the child " + in.child(), e);
    }
  }

  private static Response ofChild(Response wait) throws GuestException {
    return Response.of(wait.data());
  }

  private void from(Response stat) {
    if (stat.data().length == Wire.STAT_BYTES) {
      int generation =
          ByteBuffer.wrap(stat.data())
              .order(ByteOrder.LITTLE_ENDIAN)
              .getInt(Wire.STAT_GENERATION_OFFSET);
      if (generation != 0) {
        choices.generationBase(generation - silent);
      }
    }
  }
}
