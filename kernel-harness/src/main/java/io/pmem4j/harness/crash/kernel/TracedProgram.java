// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.PromiseLog;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.backend.guest.MountedFiles;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A program that ran in a guest or on the model, with the stores of the file system and of the
 * program to its memory.
 *
 * @param program the program
 * @param records the stores, write-backs and fences from the mount to the end of the unmount
 * @param marks for each operation, the number of records when it had returned
 * @param mounted the image right after the mount
 * @param unmounted the image after the unmount
 * @param promises the promises of the program
 */
public record TracedProgram(
    Program program,
    List<TraceRecord> records,
    List<Integer> marks,
    ImageContent mounted,
    ImageContent unmounted,
    PromiseLog promises) {
  /** The name of the acknowledgement that counts the operations that have returned. */
  static final String OPERATIONS = "operations";

  /** The name of the acknowledgement that counts those after which there was a fence. */
  static final String FENCED = "fenced";

  /** The name of the acknowledgement that counts the fences. */
  static final String FENCES = "fences";

  /** Returns the reason why a program's power cuts cannot be explored; empty if they can. */
  static String refusal(Program program) {
    if (program.image().isDamaged()) {
      return "it starts on a damaged image, which promises nothing";
    }
    for (ProgramStep step : program.steps()) {
      String reason =
          switch (step.operation()) {
            case Operation.PowerCut _, Operation.LossyCut _ -> "cuts the power itself";
            case Operation.Fork _,
                Operation.In _,
                Operation.Park _,
                Operation.Begin _,
                Operation.Arrive _,
                Operation.Release _,
                Operation.Blocked _,
                Operation.Await _ ->
                "has a second process; promises are known for one";
            default -> "";
          };
      if (!reason.isEmpty()) {
        return "line " + step.line() + " (" + step.text() + ") " + reason;
      }
    }
    return "";
  }

  /**
   * Runs a program.
   *
   * @param backend a guest whose stores go into the file
   * @param image its NVDIMM
   */
  static TracedProgram run(
      GuestBackend backend,
      FsImage image,
      StoreTraceFile file,
      Program program,
      ImageTemplates templates)
      throws BackendException, IOException {
    file.stop();
    file.clear();
    Session session = backend.begin(program, templates, new KernelChoices());
    boolean ended = false;
    try {
      file.start(backend.guest().hello().resource(), FsImage.FS_BYTES);
      ImageContent mounted = TracedPages.quietImage(file, image);
      PromiseLog promises = new PromiseLog(files(backend));
      List<Integer> marks = new ArrayList<>();
      for (ProgramStep step : program.steps()) {
        Outcome outcome = session.run(step.operation());
        marks.add((int) file.count());
        promises.add(step.operation(), outcome, files(backend));
      }
      session.end();
      ended = true;
      file.stop();
      return new TracedProgram(
          program, file.records(0, file.count()), marks, mounted, ImageContent.of(image), promises);
    } finally {
      file.stop();
      if (!ended) {
        session.abandon();
      }
    }
  }

  /** Returns the same program without some records, which a test leaves out. */
  TracedProgram without(Predicate<TraceRecord> left) {
    List<TraceRecord> rest = new ArrayList<>();
    List<Integer> restMarks = new ArrayList<>();
    int from = 0;
    for (int mark : marks) {
      records.subList(from, mark).stream().filter(left.negate()).forEach(rest::add);
      restMarks.add(rest.size());
      from = mark;
    }
    records.subList(from, records.size()).stream().filter(left.negate()).forEach(rest::add);
    return new TracedProgram(program, rest, restMarks, mounted, unmounted, promises);
  }

  /**
   * Returns the trace for the crash engine.
   *
   * @param pages all pages that the records store to
   * @throws BackendException if a store is missing: then the plugin is not to be trusted
   */
  StoreTrace trace(TracedPages pages) throws BackendException {
    RecordedMemory memory = recorded(pages);
    StoreTrace trace = memory.trace();
    pages.requireComplete(mounted, unmounted, memory);
    return trace;
  }

  private RecordedMemory recorded(TracedPages pages) {
    RecordedMemory memory = RecordedMemory.byOperation(pages.of(mounted));
    int from = 0;
    long fences = 0;
    for (int i = 0; i < marks.size(); i++) {
      memory.begin(program.steps().get(i).text());
      fences = repeat(records.subList(from, marks.get(i)), i, fences, pages, memory);
      memory.acknowledge(OPERATIONS, i + 1);
      from = marks.get(i);
    }
    memory.begin("umount");
    repeat(records.subList(from, records.size()), marks.size(), fences, pages, memory);
    return memory;
  }

  /**
   * Repeats the records of an operation. Its first fence is one after the operations before it.
   *
   * @param fences the number of fences before
   * @return their number now
   */
  private static long repeat(
      List<TraceRecord> records,
      int before,
      long fences,
      TracedPages pages,
      RecordedMemory memory) {
    long count = fences;
    int from = 0;
    for (int i = 0; i < records.size(); i++) {
      if (records.get(i).kind() == TraceRecord.Kind.FENCE) {
        pages.repeat(records.subList(from, i + 1), memory);
        from = i + 1;
        memory.acknowledge(FENCES, ++count);
        if (count == fences + 1) {
          memory.acknowledge(FENCED, before);
        }
      }
    }
    pages.repeat(records.subList(from, records.size()), memory);
    return count;
  }

  private static Map<String, byte[]> files(GuestBackend backend) throws BackendException {
    try {
      return MountedFiles.of(backend.guest());
    } catch (GuestException e) {
      throw BackendException.of(e);
    }
  }
}
