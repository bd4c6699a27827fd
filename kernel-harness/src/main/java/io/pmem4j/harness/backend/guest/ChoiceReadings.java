// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.ext2.Errno;
import io.pmem4j.harness.backend.DirectoryChoices;
import io.pmem4j.harness.backend.FlusherChoices;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.syscall.OperationCodec;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The questions by which a program's random choices of the kernel are read back, asked in the same
 * frames as its operations. The answers come in the order of the questions.
 */
final class ChoiceReadings {
  private final Program program;
  private final KernelChoices choices;
  private final FirstGeneration first;

  /** Set if the generation of the first inode is asked for in this frame. */
  private boolean generations;

  private int mkdirs;
  private int flushes;

  ChoiceReadings(Program program, KernelChoices choices) {
    this.program = program;
    this.choices = choices;
    this.first = new FirstGeneration(choices);
  }

  /** Begins a frame. */
  void begin() {
    generations = !choices.known();
  }

  /** Returns the questions before an operation. */
  List<Request> before(Operation operation) {
    if (wakesFlusher(operation)) {
      return List.of(FlusherTrace.take());
    }
    return mayFailBehindItsInode(operation) ? List.of(NewInodeTrace.clear()) : List.of();
  }

  /** Returns the questions after an operation. */
  List<Request> after(Operation operation, OperationCodec calls) {
    List<Request> questions = new ArrayList<>();
    if (wakesFlusher(operation)) {
      questions.add(FlusherTrace.take());
    } else if (mayFailBehindItsInode(operation)) {
      questions.add(NewInodeTrace.take());
    }
    if (generations) {
      questions.addAll(first.questions(operation, calls));
    }
    whereItLies(operation).ifPresent(questions::add);
    return questions;
  }

  /** Takes the answers to the questions before an operation. */
  void answeredBefore(Operation operation, Iterator<Response> answers) {
    before(operation).forEach(_ -> answers.next());
  }

  /** Takes the answers to the questions after an operation that was answered so. */
  void answered(Operation operation, Response answer, Iterator<Response> answers) {
    OptionalLong allocated = OptionalLong.empty();
    if (wakesFlusher(operation)) {
      flushed(flushes++, answers.next());
    } else if (mayFailBehindItsInode(operation)) {
      allocated = NewInodeTrace.last(answers.next().text());
    }
    if (generations) {
      first.answered(operation, answer, answers);
    }
    if (whereItLies(operation).isPresent()) {
      made(answer, answers.next(), allocated);
    }
  }

  /** Takes what the kernel traced in an unmount. */
  void unmounted(Response trace) {
    flushed(FlusherChoices.UNMOUNT, trace);
  }

  /** Asks for the place of a new directory, which Orlov's rule leaves to chance. */
  private Optional<Request> whereItLies(Operation operation) {
    return program.mount().orlov()
        ? DirectoryChoices.madeBy(operation)
            .map(path -> Request.of(Syscall.STATX).withStrings(GuestBackend.inGuest(path)))
        : Optional.empty();
  }

  private boolean mayFailBehindItsInode(Operation operation) {
    return program.mayLackBlocksOfDirectories() && whereItLies(operation).isPresent();
  }

  private void made(Response mkdir, Response stat, OptionalLong allocated) {
    int number = mkdirs++;
    if (mkdir.errno() == Errno.ENOSPC.number() && allocated.isPresent()) {
      choices.directories().made(number, allocated.getAsLong());
    } else if (mkdir.errno() == 0 && mkdir.result() == 0 && stat.data().length >= Long.BYTES) {
      choices
          .directories()
          .made(number, ByteBuffer.wrap(stat.data()).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }
  }

  private boolean wakesFlusher(Operation operation) {
    return !program.hasDax() && FlusherChoices.wakesFlusher(operation);
  }

  private void flushed(int number, Response trace) {
    FlusherTrace.firstPid(trace.text()).ifPresent(pid -> choices.flushers().wrote(number, pid));
  }
}
