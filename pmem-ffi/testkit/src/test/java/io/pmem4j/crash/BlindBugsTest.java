// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.BlindStructure.Accounts;
import io.pmem4j.crash.BlindStructure.Bug;
import io.pmem4j.crash.BlindStructure.Journal;
import io.pmem4j.crash.BlindStructure.Operation;
import io.pmem4j.crash.BlindStructure.Ring;
import io.pmem4j.crash.BlindStructure.Settings;
import io.pmem4j.crash.BlindStructure.Stack;
import io.pmem4j.crash.BlindStructure.Table;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Thirty pairs of a program of 34 operations with a published class of bug and the same without.
 * The programs were written from the list of classes before their author read the rules of the
 * checker.
 */
class BlindBugsTest {
  private static final List<CrashMode> MODES = List.of(CrashMode.X86, CrashMode.JAVA);
  private static final int OPERATIONS = 34;
  private static final int BYTES = 4096;
  private static final Pattern PERSIST = Pattern.compile("persist\\((\\d+), (\\d+)\\) between .*");

  /**
   * A structure with its bugs.
   *
   * @param kinds the number of kinds of its operations
   * @param payloadFrom the first byte whose flush or fence the bugs leave out
   */
  private record Subject(
      String name,
      Function<RecordedMemory, BlindStructure> maker,
      CrashCheck check,
      int kinds,
      int payloadFrom,
      Set<Bug> bugs) {}

  private static final List<Subject> SUBJECTS =
      List.of(
          new Subject(
              "journal",
              Journal::new,
              Journal::check,
              1,
              64,
              EnumSet.complementOf(EnumSet.of(Bug.TORN_PAIR))),
          new Subject(
              "ring",
              Ring::new,
              Ring::check,
              2,
              128,
              EnumSet.complementOf(EnumSet.of(Bug.TORN_PAIR, Bug.UNORDERED_NT_COPY))),
          new Subject(
              "table",
              Table::new,
              Table::check,
              1,
              0,
              EnumSet.complementOf(EnumSet.of(Bug.REDUNDANT_FLUSH))),
          new Subject(
              "stack",
              Stack::new,
              Stack::check,
              2,
              64,
              EnumSet.complementOf(EnumSet.of(Bug.TORN_PAIR, Bug.UNPERSISTED_BY_ANOTHER_THREAD))),
          new Subject(
              "settings",
              Settings::new,
              Settings::check,
              1,
              64,
              EnumSet.of(
                  Bug.MISSING_FLUSH, Bug.TORN_PAIR, Bug.UNORDERED_NT_COPY, Bug.REDUNDANT_FLUSH)),
          new Subject(
              "accounts",
              Accounts::new,
              Accounts::check,
              1,
              256,
              EnumSet.of(
                  Bug.MISSING_FLUSH, Bug.MISSING_FENCE, Bug.COMMIT_BEFORE_PAYLOAD, Bug.TORN_PAIR)));

  private static List<Operation> operations(Subject subject) {
    List<Operation> all = new ArrayList<>();
    for (int n = 0; n < OPERATIONS; n++) {
      boolean marked = n == 13 || n == 28;
      int kind = marked ? 0 : n * 7 % 5 / 3 % subject.kinds();
      all.add(new Operation(kind, n * 11 % 19, n * 5 % 23, marked));
    }
    return all;
  }

  private static StoreTrace run(Subject subject, @Nullable Bug bug, List<Operation> operations) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(BYTES));
    BlindStructure structure = subject.maker().apply(memory);
    operations.forEach(operation -> structure.run(operation, bug));
    return memory.trace();
  }

  private static List<CrashFinding> findings(
      Subject subject, @Nullable Bug bug, List<Operation> operations, CrashMode mode) {
    StoreTrace trace = run(subject, bug, operations);
    CrashReport report = CrashStates.of(trace).mode(mode).check(subject.check());
    assertThat(report.isComplete()).isTrue();
    List<CrashFinding> all = new ArrayList<>(report.findings());
    all.addAll(DurabilityRules.check(trace, mode));
    return all;
  }

  @Test
  void eachBugIsFoundAndShrinksToFewOperations() {
    int pairs = 0;
    int most = 0;
    int repairs = 0;
    int repairable = 0;
    for (Subject subject : SUBJECTS) {
      List<Operation> program = operations(subject);
      for (Bug bug : subject.bugs()) {
        pairs++;
        for (CrashMode mode : MODES) {
          assertThat(findings(subject, bug, program, mode))
              .as("%s, %s, %s", subject.name(), bug, mode)
              .isNotEmpty();
        }
        List<Operation> shortest =
            OperationShrinker.shrink(
                program, part -> !findings(subject, bug, part, CrashMode.X86).isEmpty());
        assertThat(shortest).as("%s, %s", subject.name(), bug).hasSizeLessThanOrEqualTo(5);
        assertThat(shortest).anyMatch(Operation::marked);
        most = Math.max(most, shortest.size());
        if (bug == Bug.MISSING_FLUSH || bug == Bug.MISSING_FENCE) {
          repairable++;
          repairs += isRepaired(subject, bug, program) ? 1 : 0;
        }
      }
    }
    System.out.printf(
        "%d blind bugs found; at most %d operations; %d of %d repairs right%n",
        pairs, most, repairs, repairable);
    assertThat(pairs).isEqualTo(30);
    assertThat(10 * repairs).isGreaterThanOrEqualTo(9 * repairable);
  }

  /** Returns true if the suggested call is the one left out, and makes all states pass. */
  private static boolean isRepaired(Subject subject, Bug bug, List<Operation> program) {
    List<Operation> once = new ArrayList<>(program);
    once.remove(program.get(28));
    CrashStates states = CrashStates.of(run(subject, bug, once));
    CrashReport report = states.check(subject.check());
    String found =
        RepairSearch.search(states, subject.check(), report.findings().get(0)).found().orElse("");
    Matcher persist = PERSIST.matcher(found);
    boolean right =
        bug == Bug.MISSING_FENCE
            ? found.startsWith("drain() after BlindStructure")
            : persist.matches() && Integer.parseInt(persist.group(1)) >= subject.payloadFrom();
    if (!right) {
      System.out.println(subject.name() + ", " + bug + ": no right repair: '" + found + "'");
    }
    return right;
  }

  @Test
  void noCleanProgramHasAFinding() {
    List<CrashMode> modes = new ArrayList<>(MODES);
    modes.add(CrashMode.PAGE);
    modes.add(CrashMode.AUTO_FLUSH);
    for (Subject subject : SUBJECTS) {
      for (CrashMode mode : modes) {
        assertThat(findings(subject, null, operations(subject), mode))
            .as("%s, %s", subject.name(), mode)
            .isEmpty();
      }
    }
  }
}
