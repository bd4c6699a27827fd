// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Backend;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.FsImage;
import io.pmem4j.harness.backend.ImageContent;
import io.pmem4j.harness.backend.ImageMaker;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.PristineImages;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Step;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Runs programs on backends, one after the other, and compares. With a single backend only
 * expectations and the image's consistency are judged.
 */
public final class Conformance {
  private final PristineImages pristine;
  private final List<Backend> backends;

  /**
   * A comparison.
   *
   * @param pristine the images that programs start from
   * @param backends at least one
   */
  public Conformance(PristineImages pristine, List<Backend> backends) {
    this.pristine = pristine;
    // Kernels first: the model follows their random choices.
    this.backends =
        backends.stream().sorted(Comparator.comparing(backend -> !backend.isKernel())).toList();
  }

  /** What a comparison forgives, for reports. */
  public static List<String> normalisations() {
    return Normaliser.RULES;
  }

  /** Whether every backend can run a program. */
  public boolean isWhole(Program program) {
    return backends.stream().allMatch(backend -> backend.lacks(program).isEmpty());
  }

  /** Runs one program everywhere; failures of backends become part of the result. */
  public ProgramResult run(Program program) {
    long start = System.nanoTime();
    List<Map<String, Outcome>> outcomes = new ArrayList<>();
    program.steps().forEach(_ -> outcomes.add(new LinkedHashMap<>()));
    List<String> findings = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    Map<String, FsImage> images = new LinkedHashMap<>();
    boolean ran = true;
    boolean whole = true;
    KernelChoices choices = new KernelChoices();
    for (Backend backend : backends) {
      Optional<String> lacking = backend.lacks(program);
      if (lacking.isPresent()) {
        notes.add(backend.name() + ": not run: " + lacking.get());
        whole = false;
        continue;
      }
      try {
        runOn(backend, program, choices, outcomes)
            .ifPresent(image -> images.put(backend.name(), image));
      } catch (BackendException e) {
        findings.add(backend.name() + ": " + e.describe());
        ran &= e.isFinding();
      }
    }
    List<StepResult> steps = new ArrayList<>();
    StepJudge judge = new StepJudge(backends);
    for (int i = 0; i < outcomes.size(); i++) {
      StepResult result = judge.judge(program, program.steps().get(i), outcomes.get(i));
      steps.add(result);
      findings.addAll(result.findings());
      notes.addAll(result.notes());
    }
    try {
      judgeImages(images, findings);
    } catch (IOException e) {
      findings.add("HARNESS_FAULT: " + e.getMessage());
      ran = false;
    }
    return new ProgramResult(
        program,
        verdict(ran, whole, findings),
        steps,
        findings,
        notes,
        (System.nanoTime() - start) / 1_000_000);
  }

  private static Verdict verdict(boolean ran, boolean whole, List<String> findings) {
    if (!ran) {
      return Verdict.NOT_RUN;
    }
    if (!findings.isEmpty()) {
      return Verdict.DIVERGED;
    }
    return whole ? Verdict.AGREED : Verdict.OMITTED;
  }

  private Optional<FsImage> runOn(
      Backend backend, Program program, KernelChoices choices, List<Map<String, Outcome>> outcomes)
      throws BackendException {
    Session session = backend.begin(program, pristine, choices);
    boolean ended = false;
    try {
      Iterator<Map<String, Outcome>> next = outcomes.iterator();
      session.run(
          program.steps().stream().map(Step::operation).toList(),
          outcome -> next.next().put(backend.name(), outcome));
      Optional<FsImage> image = session.end();
      ended = true;
      return image;
    } finally {
      if (!ended) {
        session.abandon();
      }
    }
  }

  /**
   * Equal images are judged once: e2fsck reads nothing but used blocks, and takes longer than all
   * else that the host does for a program.
   */
  private static void judgeImages(Map<String, FsImage> images, List<String> findings)
      throws IOException {
    List<String> names = List.copyOf(images.keySet());
    if (names.isEmpty()) {
      return;
    }
    String first = names.getFirst();
    List<String> unequal = new ArrayList<>(List.of(first));
    ImageContent left = ImageContent.of(Objects.requireNonNull(images.get(first)));
    for (String other : names.subList(1, names.size())) {
      ImageContent right = ImageContent.of(Objects.requireNonNull(images.get(other)));
      List<String> differences = ImageComparison.differences(left, right);
      if (!differences.isEmpty()) {
        unequal.add(other);
      }
      differences.forEach(
          difference -> findings.add("image, " + first + " / " + other + ": " + difference));
    }
    for (String name : unequal) {
      String complaint = ImageMaker.check(Objects.requireNonNull(images.get(name)));
      if (!complaint.isEmpty()) {
        findings.add("image of " + name + ": " + complaint);
      }
    }
  }
}
