// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;
import java.util.Optional;

/**
 * A program: what it is called, what it is for, and its steps.
 *
 * @param name the file's name without its ending
 * @param id its number among the conformance programs, as in G7, or empty
 * @param title one line
 * @param rows the rows of the fault tables that it exercises
 * @param scope where its expectations hold
 * @param pid the process id that runs it: ext2 colours a file's first block by it
 * @param image the file system it starts from
 * @param mount the options that the image is mounted with
 * @param kernels the kernels that it is for, by their names; empty for every one
 * @param steps what it does
 */
public record Program(
    String name,
    String id,
    String title,
    List<String> rows,
    Scope scope,
    int pid,
    ImageShape image,
    ProgramMount mount,
    List<String> kernels,
    List<ProgramStep> steps) {
  /** The process id of a program that names none; coloured 3 of 16. */
  public static final int DEFAULT_PID = 1011;

  /** The second at which the clock of every program starts: the date of the letter of 2015. */
  public static final long CLOCK_BASE_SECONDS = 1_444_428_128L;

  private static final int PAGE_BYTES = 4096;

  /** The suffix of a program's file. */
  public static final String SUFFIX = ".p4j";

  /** Returns which accesses change {@code i_atime}. */
  public AtimeOption atime() {
    return mount.atime();
  }

  /** Returns true if regular files have DAX, which no other size of blocks allows. */
  public boolean hasDax() {
    return mount.dax() && image.blockBytes() == PAGE_BYTES;
  }

  /**
   * Returns true if Orlov's rule may choose the group of a directory for which no block is left: it
   * fills a file system of several groups.
   */
  public boolean mayLackBlocksOfDirectories() {
    return mount.orlov()
        && image.blocksPerGroup() != 0
        && steps.stream().anyMatch(step -> step.operation().isCall(Syscall.FILL));
  }

  /**
   * Returns the reason why a task of this program never comes by the point at which it is to be
   * parked: the point is one of DAX, and the files have none.
   */
  public Optional<String> unreachablePoint() {
    return steps.stream()
        .filter(step ->
            !hasDax()
                && step.operation() instanceof Operation.Park park
                && Points.isOfDax(park.point()))
        .map(step ->
            "line %d: %s: files without DAX have no such point".formatted(step.line(), step.text()))
        .findFirst();
  }

  /** Returns true if a power cut of this program takes what was not durable. */
  public boolean cutsLossily() {
    return steps.stream().anyMatch(step -> step.operation() instanceof Operation.LossyCut);
  }

  /**
   * Returns this program with more mount options. Where it asks for the options themselves it then
   * expects nothing; nor does one that was written for DAX, without it.
   */
  public Program with(ProgramMount options) {
    ProgramMount all = mount.and(options);
    if (all.equals(mount)) {
      return this;
    }
    boolean losesDax = mount.dax() && !all.dax();
    List<ProgramStep> asking =
        steps.stream()
            .map(step ->
                losesDax || asks(step.operation().withoutChild())
                    ? new ProgramStep(step.line(), step.text(), step.operation(), List.of())
                    : step)
            .toList();
    return new Program(name, id, title, rows, scope, pid, image, all, kernels, asking);
  }

  /**
   * Returns this program on blocks of another size, unless it names a size itself.
   *
   * @param blockBytes 1024, 2048 or 4096; DAX is possible with 4096 only
   * @throws IllegalArgumentException if its image cannot have such blocks
   */
  public Program withBlocksOf(int blockBytes) {
    ImageShape other = image.withBlocksOf(blockBytes);
    return other.equals(image)
        ? this
        : new Program(name, id, title, rows, scope, pid, other, mount, kernels, steps);
  }

  /** Returns true if the answer of an operation says which options the mount has. */
  private static boolean asks(Operation operation) {
    return operation instanceof Operation.Mounted
        || operation.isCall(Syscall.GETRSVSZ)
        || operation.isCall(Syscall.SETRSVSZ);
  }

  /** Copies the lists. */
  public Program {
    rows = List.copyOf(rows);
    kernels = List.copyOf(kernels);
    steps = List.copyOf(steps);
  }
}
