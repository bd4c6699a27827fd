// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.ProgramPart;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One program on its way through the backends. Holds all that its result is made of, images
 * included, so that a backend that has run it is free for the next. Used by one thread after the
 * other.
 */
final class ProgramRun {
  private static final int MOST_RUNS = 4;

  private final Program program;
  private final ImageTemplates templates;
  private KernelChoices choices = new KernelChoices();
  private final List<Map<String, Outcome>> outcomes = new ArrayList<>();
  private final Map<String, ImageContent> images = new LinkedHashMap<>();

  /** Images of backends that left out operations with effects: judged, and compared with none. */
  private final Map<String, ImageContent> imagesOfParts = new LinkedHashMap<>();

  private final List<String> findings = new ArrayList<>();
  private final List<Divergence> failures = new ArrayList<>();
  private final Map<String, String> refusedMounts = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private boolean ran = true;
  private boolean whole = true;
  private boolean partial;
  private boolean inTime = true;
  private long nanos;

  ProgramRun(Program program, ImageTemplates templates) {
    this.program = program;
    this.templates = templates;
    program.steps().forEach(_ -> outcomes.add(new LinkedHashMap<>()));
  }

  /** Runs the program on a backend; a failure becomes part of the result. */
  void runOn(ProgramBackend backend) {
    long start = System.nanoTime();
    Optional<String> lacking = backend.lacks(program);
    if (lacking.isPresent()) {
      notes.add(backend.name() + ": not run: " + lacking.get());
      whole = false;
      return;
    }
    ProgramPart part = backend.part(program);
    if (!part.isComplete()) {
      part.notes().forEach(note -> notes.add(backend.name() + ": " + note));
      partial = true;
    }
    try {
      Optional<FsImage> image = inTime(backend, part);
      if (image.isPresent()) {
        boolean compared =
            part.imageCounts()
                && backend.view().image()
                && !Forgiveness.LOSSY_CUT.forgives(program.cutsLossily());
        (compared ? images : imagesOfParts).put(backend.name(), ImageContent.of(image.get()));
      }
    } catch (BackendException e) {
      if (e.mountErrno().isPresent()) {
        refusedMounts.put(backend.name(), e.mountErrno().get());
        return;
      }
      findings.add(backend.name() + ": " + e.describe());
      failures.add(Divergence.failure(backend.name(), e));
      ran &= e.isFinding();
    } catch (IOException e) {
      faulty(e);
    } finally {
      nanos += System.nanoTime() - start;
    }
  }

  /**
   * Runs the session again if the machine was too slow for the program's clock, a limited number of
   * times.
   */
  private Optional<FsImage> inTime(ProgramBackend backend, ProgramPart part)
      throws BackendException {
    KernelChoices before = choices;
    for (int i = 0; i < MOST_RUNS; i++) {
      choices = before.copy();
      Optional<FsImage> image = session(backend, part);
      if (inTime) {
        return image;
      }
      outcomes.forEach(step -> step.remove(backend.name()));
    }
    throw BackendException.environment(
        backend.name() + " did not keep the program's time in " + MOST_RUNS + " runs", null);
  }

  private Optional<FsImage> session(ProgramBackend backend, ProgramPart part)
      throws BackendException {
    Session session = backend.begin(program, templates, choices);
    boolean ended = false;
    try {
      Iterator<Map<String, Outcome>> next =
          IntStream.range(0, outcomes.size())
              .filter(part::runs)
              .<Map<String, Outcome>>mapToObj(outcomes::get)
              .iterator();
      session.run(part.operations(program), outcome -> next.next().put(backend.name(), outcome));
      Optional<FsImage> image = session.end();
      ended = true;
      inTime = session.inTime();
      return image;
    } finally {
      if (!ended) {
        session.abandon();
      }
    }
  }

  private void faulty(IOException e) {
    findings.add("HARNESS_FAULT: " + e.getMessage());
    ran = false;
  }

  /** Compares the answers and the images of the backends. */
  ProgramResult judge(List<ProgramBackend> backends, E2fsck e2fsck) {
    long start = System.nanoTime();
    List<StepResult> steps = new ArrayList<>();
    List<Divergence> divergences = new ArrayList<>();
    StepJudge stepJudge = new StepJudge(backends);
    for (int i = 0; i < outcomes.size(); i++) {
      StepResult result = stepJudge.judge(program, program.steps().get(i), outcomes.get(i));
      steps.add(result);
      findings.addAll(result.findings());
      divergences.addAll(result.divergences());
      notes.addAll(result.notes());
    }
    divergences.addAll(failures);
    judgeMounts(divergences);
    try {
      judgeImages(e2fsck, divergences);
    } catch (IOException e) {
      faulty(e);
    }
    nanos += System.nanoTime() - start;
    return new ProgramResult(
        program, verdict(), steps, findings, divergences, notes, nanos / 1_000_000);
  }

  /** A damaged image is mounted by all backends, or refused by all with the same errno. */
  private void judgeMounts(List<Divergence> divergences) {
    if (refusedMounts.isEmpty()) {
      return;
    }
    images.keySet().forEach(backend -> refusedMounts.put(backend, "mounted"));
    String answers = "mount: " + refusedMounts;
    if (refusedMounts.values().stream().distinct().count() > 1) {
      findings.add(answers);
      divergences.add(Divergence.mount(refusedMounts));
    } else {
      notes.add(answers);
    }
  }

  private Verdict verdict() {
    if (!ran) {
      return Verdict.NOT_RUN;
    }
    if (!findings.isEmpty()) {
      return Verdict.DIVERGED;
    }
    if (!whole) {
      return Verdict.OMITTED;
    }
    return partial ? Verdict.PARTIAL : Verdict.AGREED;
  }

  /**
   * Equal images are judged once: e2fsck reads nothing but used blocks, and takes longer than all
   * else that the host does for a program.
   */
  private void judgeImages(E2fsck e2fsck, List<Divergence> divergences) throws IOException {
    List<String> names = List.copyOf(images.keySet());
    Map<String, ImageContent> unequal = new LinkedHashMap<>(imagesOfParts);
    if (!names.isEmpty()) {
      unequal.put(names.getFirst(), image(names.getFirst()));
    }
    for (int i = 1; i < names.size(); i++) {
      String first = names.getFirst();
      String other = names.get(i);
      ImageComparison comparison = ImageComparison.of(image(first), image(other));
      if (!comparison.differences().isEmpty()) {
        unequal.put(other, image(other));
        divergences.add(Divergence.image(first, other, comparison.structures()));
      }
      comparison
          .differences()
          .forEach(
              difference -> findings.add("image, " + first + " / " + other + ": " + difference));
    }
    if (program.image().isDamaged()) {
      // It was corrupt before the program began.
      return;
    }
    for (Map.Entry<String, ImageContent> each : unequal.entrySet()) {
      String name = each.getKey();
      String complaint = e2fsck.checkContent(each.getValue());
      if (!complaint.isEmpty()) {
        findings.add("image of " + name + ": " + complaint);
        divergences.add(Divergence.check(name, complaint));
      }
    }
  }

  private ImageContent image(String backend) {
    return Objects.requireNonNull(images.get(backend), backend);
  }
}
