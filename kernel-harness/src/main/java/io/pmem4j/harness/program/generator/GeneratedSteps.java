// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import java.util.ArrayList;
import java.util.List;

/** The steps of a generated program so far, and the names that its processes have. */
final class GeneratedSteps {
  private final GeneratedProcess program = new GeneratedProcess("");
  private final List<GeneratedProcess> children = new ArrayList<>();
  private final List<ProgramStep> steps = new ArrayList<>();
  private final LikelyTree tree;

  /** Set if a file may be larger than {@link GeneratedValues#SPARSE_BYTES}. */
  private boolean sparse;

  private GeneratedProcess actor = program;
  private int names;

  /** Steps without any, on a file system with these names. */
  GeneratedSteps(LikelyTree tree) {
    this.tree = tree;
  }

  /** Returns the names after the steps so far. */
  LikelyTree tree() {
    return tree;
  }

  String newName(String prefix) {
    return prefix + names++;
  }

  int size() {
    return steps.size();
  }

  List<ProgramStep> steps() {
    return steps;
  }

  /** The process that does the next operation. */
  GeneratedProcess actor() {
    return actor;
  }

  List<GeneratedProcess> children() {
    return children;
  }

  /** Chooses the process that does the next operation. */
  void act(GeneratedProcess process) {
    actor = process;
  }

  GeneratedProcess program() {
    return program;
  }

  /** Adds an operation of the actor. */
  void add(Operation operation) {
    addPlain(actor.does(operation));
  }

  /** Adds an operation of the program itself. */
  void addPlain(Operation operation) {
    steps.add(new ProgramStep(steps.size() + 1, ProgramText.of(operation), operation, List.of()));
  }

  /** Adds a system call of the table. */
  void call(Syscall verb, Object... arguments) {
    Operation.Call call = verb.of(arguments);
    tree.follow(call);
    add(call);
  }

  void fork(String child) {
    addPlain(new Operation.Fork(child));
    children.add(program.fork(child));
  }

  /** Names of the child's own are given up before: the text has no other way to end them. */
  void exit(GeneratedProcess child) {
    for (GeneratedProcess.OpenName file : child.open()) {
      if (!program.open().contains(file)) {
        addPlain(child.does(Syscall.CLOSE.of(file.name())));
      }
    }
    for (GeneratedProcess.MappedName mapping : child.mapped()) {
      if (program.mapped().stream().noneMatch(mine -> mine.name().equals(mapping.name()))) {
        addPlain(child.does(Syscall.MUNMAP.of(mapping.name())));
      }
    }
    addPlain(new Operation.Exit(child.name()));
    children.remove(child);
    actor = program;
  }

  /** A name that a process gives up is gone for all: the text knows each name once. */
  void closed(GeneratedProcess.OpenName file) {
    program.open().remove(file);
    children.forEach(child -> child.open().remove(file));
  }

  boolean everybodyHasAnother(GeneratedProcess.OpenName file) {
    return program.open().stream().anyMatch(open -> !open.equals(file))
        && children.stream()
            .allMatch(child -> child.open().stream().anyMatch(open -> !open.equals(file)));
  }

  void unmapped(GeneratedProcess.MappedName mapping) {
    program.mapped().remove(mapping);
    children.forEach(child -> child.mapped().remove(mapping));
  }

  void growsTo(long bytes) {
    sparse |= bytes > GeneratedValues.SPARSE_BYTES || bytes < 0;
  }

  boolean mayBeSparse() {
    return sparse;
  }
}
