// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.ProgramPart;
import io.pmem4j.harness.backend.ProgramPart.Reach;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.durable.LineTracker;
import io.pmem4j.harness.durable.TrackedMemory;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** ext2-dax in this JVM, over a file mapped through pmem-ffi. */
public final class ModelBackend implements ProgramBackend {
  private final Path directory;
  private final Scheduler scheduler;
  private final Kernel kernel;
  private final Set<String> lockEdges = new TreeSet<>();
  private @Nullable LockValidator validator;

  /**
   * A model whose image lies in a directory.
   *
   * @param scheduler where the tasks of the model wait
   * @param kernel whose fault handlers and lock order it has
   */
  public ModelBackend(Path directory, Scheduler scheduler, Kernel kernel) {
    this.kernel = kernel;
    this.directory = directory;
    this.scheduler = scheduler;
  }

  @Override
  public boolean isKernel() {
    return false;
  }

  @Override
  public String name() {
    return "model";
  }

  @Override
  public Optional<String> lacks(Program program) {
    Optional<String> lacking = Optional.empty();
    if (!program.kernels().isEmpty() && !program.kernels().contains(kernel.toString())) {
      lacking =
          Optional.of(
              "the program is for kernel %s; the model follows %s"
                  .formatted(String.join(", ", program.kernels()), kernel));
    }
    lacking = lacking.or(program::unreachablePoint);
    ProgramPart part = part(program);
    return lacking.or(() -> part.isEmpty() ? part.omitted().getFirst() : Optional.empty());
  }

  @Override
  public ProgramPart part(Program program) {
    return ProgramPart.of(program, operation -> lacks(program, operation));
  }

  /** A task that is to be parked in a page fault would stop in the fault of 2 MiB before it. */
  private Optional<ProgramPart.Lack> lacks(Program program, Operation operation) {
    if (!program.mount().dax() && operation.isCall(Syscall.POISON)) {
      return Optional.of(
          new ProgramPart.Lack("the model lacks unreadable blocks of a page cache", Reach.ALL));
    }
    return operation instanceof Operation.Park && kernel.profile().fourHandlers()
        ? Optional.of(
            new ProgramPart.Lack(
                "the model lacks points of handlers with faults of 2 MiB", Reach.ALL))
        : ModelSession.lacks(operation);
  }

  @Override
  public Session begin(Program program, ImageTemplates templates, KernelChoices choices)
      throws BackendException {
    try {
      FsImage image = Mke2fs.allocate(directory.resolve("model.img"));
      templates.of(program.image()).writeTo(image);
      return program.cutsLossily()
          ? new LossyModelSession(
              image, program.image().fsBytes(), memory -> mounted(memory, image, program, choices))
          : onFile(image, program, choices);
    } catch (IOException e) {
      throw BackendException.environment("model: " + e, e);
    }
  }

  /** Mounts a memory whose durability is judged by power cuts, not at each call. */
  @SuppressWarnings("MustBeClosedChecker") // the session closes the arena when it ends
  public ModelSession mounted(
      PersistentMemory memory, FsImage image, Program program, KernelChoices choices)
      throws BackendException {
    return mounted(memory, image, program, "", choices);
  }

  /**
   * Mounts a memory whose durability is judged by power cuts, not at each call.
   *
   * @param more mount options after a comma, or nothing
   */
  @SuppressWarnings("MustBeClosedChecker") // the session closes the arena when it ends
  public ModelSession mounted(
      PersistentMemory memory, FsImage image, Program program, String more, KernelChoices choices)
      throws BackendException {
    return session(memory, null, image, Arena.ofShared(), program, more, choices);
  }

  @SuppressWarnings("MustBeClosedChecker") // the session closes it when it ends
  private ModelSession onFile(FsImage image, Program program, KernelChoices choices)
      throws BackendException, IOException {
    Arena arena = Arena.ofShared();
    boolean mapped = false;
    try {
      PersistentMemory memory =
          Pmem.map(
              image.path(),
              MapSpec.existing().slice(FsImage.OFFSET_BYTES, program.image().fsBytes()),
              arena);
      mapped = true;
      // One task runs, so that its drain covers every flush: a missing one is what is found.
      boolean judged =
          !kernel.profile().fourHandlers()
              && !program.image().isDamaged()
              && program.steps().stream()
                  .noneMatch(step -> step.operation() instanceof Operation.Begin);
      LineTracker lines = judged ? new LineTracker(memory.segment(), () -> this) : null;
      return session(
          lines == null ? memory : new TrackedMemory(memory, lines),
          lines,
          image,
          arena,
          program,
          "",
          choices);
    } finally {
      if (!mapped) {
        arena.close();
      }
    }
  }

  /**
   * Mounts a memory.
   *
   * @param lines of the memory; null where promises of durability are not judged at each call
   * @param arena is closed with the session, or now if the mount fails
   * @param more mount options after a comma, or nothing
   */
  private ModelSession session(
      PersistentMemory memory,
      @Nullable LineTracker lines,
      FsImage image,
      Arena arena,
      Program program,
      String more,
      KernelChoices choices)
      throws BackendException {
    boolean begun = false;
    try {
      TaskScheduler tasks = new TaskScheduler(scheduler, !kernel.isLater());
      AtomicLong clock = new AtomicLong(Program.CLOCK_BASE_SECONDS);
      TaskIdentities identities = new TaskIdentities(tasks);
      Instrumentation instrumentation =
          Instrumentation.production()
              .withClock(clock::get)
              .withAllocatorPid(program::pid)
              .withFlusherPid(choices.flushers()::pid)
              .withAllocatorUser(identities::current)
              .withGenerationBase(choices.generationBase())
              .withTopDirectoryStart(() -> choices.directories().group(inodesPerGroup(memory)))
              .withScheduler(tasks)
              .withVariation(Lab.of(kernel.profile(), kernel.order()))
              .withLockValidators(each -> validator = each);
      lockEdges();
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              memory, MountOptions.parse(program.mount().options() + more), instrumentation);
      ModelSession session =
          new ModelSession(
              fs,
              tasks,
              new ModelProcesses(
                  fs, new ModelPromises(fs, lines), clock, kernel.alignment(), identities),
              image,
              arena,
              choices,
              program.image().isDamaged());
      begun = true;
      return session;
    } catch (Ext2Exception e) {
      if (program.image().isDamaged()) {
        throw BackendException.notMounted(e.errno().name(), e);
      }
      throw BackendException.modelBroke("model: mount failed: " + e.getMessage(), e);
    } finally {
      if (!begun) {
        arena.close();
      }
    }
  }

  private static int inodesPerGroup(PersistentMemory memory) {
    return (int) new Superblock(memory, Superblock.PRIMARY_OFFSET).inodesPerGroup();
  }

  /**
   * The edges between locks that lockdep would have seen in all programs so far; with a page lock
   * in the middle those of a lockdep that knows none.
   */
  public Set<String> lockEdges() {
    LockValidator last = validator;
    if (last != null) {
      last.lockdepEdges().forEach(edge -> lockEdges.add(edge.toString()));
      String page = " -> " + LockClass.PAGE_LOCK.twin() + " -> ";
      last.edgesOverPageLocks()
          .forEach(edge -> lockEdges.add(edge.outer().twin() + page + edge.inner().twin()));
    }
    return Set.copyOf(lockEdges);
  }

  @Override
  public void close() {
    // Each session owns its mapping; the image goes with the directory.
  }
}
