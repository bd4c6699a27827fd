// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Scenario;
import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.TaskProgram;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Threads of one process as a scenario, judged by linearisation: the answers of all operations, and
 * of those that look at the files afterwards, must equal the answers of some order in which the
 * operations run one after the other on the same code. The file system's own errors and e2fsck are
 * judged beside that.
 *
 * <p>A path is walked before the operation itself, and what another task moves meanwhile may lead
 * to nothing. A task of which that is expected may fail without having done anything: then the
 * answers must equal those of an order without it.
 */
final class LinearScenario implements Scenario {
  /**
   * Values that say which free inode or block was taken. They depend on more than the order: an
   * inode is free again some steps after its last user has gone.
   */
  private static final Set<String> CHOICES = Set.of("ino", "generation", "extents");

  private final ScratchImage image;
  private final TaskProgram program;
  private final ModelMount mount;
  private final Set<Integer> mayFail;
  private final Set<List<Answer>> allowed = new HashSet<>();

  /** The answer to one step, without the values that are choices. */
  private record Answer(String step, Outcome outcome) {
    static Answer of(ProgramStep step, Outcome outcome) {
      return new Answer(step.text(), outcome.without(CHOICES));
    }

    /** The answer of a step that has failed and done nothing. */
    static Answer none(ProgramStep step) {
      return new Answer(step.text(), Outcome.of(-1));
    }

    Answer blockless() {
      return new Answer(step, outcome.without(Set.of("blocks")));
    }

    @Override
    public String toString() {
      return step + " => " + outcome;
    }
  }

  /**
   * Runs all orders.
   *
   * @param mayFail the tasks, by number, that may fail because their path is another's then
   */
  LinearScenario(ScratchImage image, TaskProgram program, ModelMount mount, Set<Integer> mayFail)
      throws Ext2Exception {
    this.image = image;
    this.program = program;
    this.mount = mount;
    this.mayFail = Set.copyOf(mayFail);
    orders(new ArrayList<>(), new int[program.tasks().size()], Set.of());
    for (int task : mayFail) {
      orders(new ArrayList<>(), new int[program.tasks().size()], Set.of(task));
    }
    if (allowed.isEmpty()) {
      throw new IllegalStateException(program.program().name() + ": no order of it ends");
    }
  }

  /** Returns the number of different answers that orders give. */
  int allowed() {
    return allowed.size();
  }

  @Override
  public Vocabulary vocabulary() {
    return new Ext2Vocabulary();
  }

  /** Runs every order of the steps that keeps the order of each task's, without those that fail. */
  private void orders(List<Integer> order, int[] done, Set<Integer> failed) throws Ext2Exception {
    boolean complete = true;
    for (int task = 0; task < done.length; task++) {
      if (done[task] < program.tasks().get(task).steps().size()) {
        complete = false;
        done[task]++;
        order.add(task);
        orders(order, done, failed);
        order.removeLast();
        done[task]--;
      }
    }
    if (complete) {
      inOrder(order, failed);
    }
  }

  private void inOrder(List<Integer> order, Set<Integer> failed) throws Ext2Exception {
    Scheduler scheduler = new SequentialOrder();
    try {
      Answers answers = begin(scheduler);
      int[] next = new int[program.tasks().size()];
      for (int task : order) {
        ProgramStep step = program.tasks().get(task).steps().get(next[task]++);
        if (failed.contains(task)) {
          answers.fail(task, step);
        } else {
          answers.run(task, step);
        }
      }
      allowed.add(answers.all());
    } catch (SequentialOrder.NoSuchOrder e) {
      // The order does not exist: an operation waits for one that comes after it.
    }
  }

  private Answers begin(Scheduler scheduler) throws Ext2Exception {
    InstrumentedMemory memory = image.reset(scheduler, null);
    FreezeObserver freeze = new FreezeObserver(scheduler);
    ModelProcesses process =
        ModelProcesses.mountForThreads(
            memory, program.program(), mount.on(freeze).observing(freeze::validator));
    program.prologue().forEach(step -> process.run(step.operation()));
    return new Answers(process, new FrozenCheck(memory, freeze));
  }

  /** The answers of one run, by task. */
  private final class Answers {
    private final ModelProcesses process;
    private final FrozenCheck frozen;
    private final Map<Integer, List<Answer>> byTask = new HashMap<>();

    Answers(ModelProcesses process, FrozenCheck frozen) {
      this.process = process;
      this.frozen = frozen;
    }

    void run(int task, ProgramStep step) {
      byTask
          .computeIfAbsent(task, _ -> new ArrayList<>())
          .add(Answer.of(step, frozen.run(step.operation(), process::run)));
    }

    /** Records that a step has failed, without running it. */
    void fail(int task, ProgramStep step) {
      byTask.computeIfAbsent(task, _ -> new ArrayList<>()).add(Answer.none(step));
    }

    /** Looks at the files, and returns all answers. */
    List<Answer> all() {
      int last = program.tasks().size();
      program.epilogue().forEach(step -> run(last, step));
      return joined();
    }

    /** Returns the answers where a task that may fail has failed. */
    List<Answer> withFailure(int task) {
      List<Answer> before = byTask.getOrDefault(task, List.of());
      if (before.stream().noneMatch(answer -> answer.outcome().result() == -1)) {
        return joined();
      }
      byTask.remove(task);
      program.tasks().get(task).steps().forEach(step -> fail(task, step));
      List<Answer> all = joined();
      byTask.put(task, before);
      return all;
    }

    private List<Answer> joined() {
      List<Answer> all = new ArrayList<>();
      for (int task = 0; task <= program.tasks().size(); task++) {
        all.addAll(byTask.getOrDefault(task, List.of()));
      }
      return all;
    }
  }

  @Override
  public Run start(Scheduler scheduler) throws Ext2Exception {
    Answers answers = begin(scheduler);
    ModelProcesses process = answers.process;
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < program.tasks().size(); i++) {
      int task = i;
      tasks.add(
          new Task(
              program.tasks().get(i).child(),
              () -> program.tasks().get(task).steps().forEach(step -> answers.run(task, step))));
    }
    return new Run() {
      @Override
      public List<Task> tasks() {
        return tasks;
      }

      @Override
      public void check() throws Throwable {
        List<Answer> found = answers.all();
        if (mayFail.stream().noneMatch(task -> allowed.contains(answers.withFailure(task)))) {
          requireAllowed(found);
        }
        if (!process.errors().isEmpty()) {
          throw new AssertionError("the file system reports: " + process.errors().getFirst());
        }
        process.unmount();
        String complaint = image.fsck();
        if (!complaint.isEmpty()) {
          throw DamageError.ofE2fsck(complaint);
        }
      }
    };
  }

  private static List<Answer> blockless(List<Answer> answers) {
    return answers.stream().map(Answer::blockless).toList();
  }

  private void requireAllowed(List<Answer> found) {
    if (allowed.contains(found)) {
      return;
    }
    boolean signal = found.stream().anyMatch(answer -> answer.outcome().isSignal());
    if (signal && allowed.stream().anyMatch(each -> blockless(each).equals(blockless(found)))) {
      return;
    }
    List<Answer> nearest = List.of();
    long most = -1;
    for (List<Answer> each : allowed) {
      long equal = 0;
      for (int i = 0; i < found.size(); i++) {
        equal += each.get(i).equals(found.get(i)) ? 1 : 0;
      }
      if (equal > most) {
        most = equal;
        nearest = each;
      }
    }
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      if (!nearest.get(i).equals(found.get(i))) {
        differences.add("found " + found.get(i) + ", nearest order " + nearest.get(i));
      }
    }
    throw new AssertionError(
        "no order of the operations gives these answers: " + String.join("; ", differences));
  }
}
