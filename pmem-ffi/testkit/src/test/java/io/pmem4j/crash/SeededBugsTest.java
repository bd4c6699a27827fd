// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.SeededPrograms.Fault;
import io.pmem4j.crash.SeededPrograms.Operation;
import io.pmem4j.crash.SeededPrograms.Structure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Thirty pairs of a program with a fault and the same without: all found, no false positive. */
class SeededBugsTest {
  private static final List<CrashMode> MODES = List.of(CrashMode.X86, CrashMode.JAVA);

  private static CrashCheck check(Structure structure, Fault style) {
    return (memory, acknowledged) -> structure.check(memory, acknowledged, style);
  }

  private static List<CrashFinding> findings(
      Structure structure, Fault style, List<Operation> program, CrashMode mode) {
    StoreTrace trace = SeededPrograms.run(structure, style, program);
    CrashReport report = CrashStates.of(trace).mode(mode).check(check(structure, style));
    assertThat(report.isComplete()).isTrue();
    List<CrashFinding> all = new ArrayList<>(report.findings());
    all.addAll(DurabilityRules.check(trace, mode));
    return all;
  }

  @Test
  void eachFaultIsFoundAndShrinksToFewOperations() {
    int repairs = 0;
    int most = 0;
    for (Structure structure : Structure.values()) {
      for (Fault fault : Fault.values()) {
        List<Operation> program = SeededPrograms.operations(true);
        for (CrashMode mode : MODES) {
          assertThat(findings(structure, fault, program, mode))
              .as("%s %s %s", structure, fault, mode)
              .isNotEmpty();
        }
        List<Operation> shortest =
            OperationShrinker.shrink(
                program, part -> !findings(structure, fault, part, CrashMode.X86).isEmpty());
        assertThat(shortest).as("%s %s", structure, fault).hasSizeLessThanOrEqualTo(5);
        assertThat(shortest).contains(new Operation(true));
        most = Math.max(most, shortest.size());
        if (fault == Fault.MISSING_FLUSH) {
          repairs += repair(structure, fault, program).isPresent() ? 1 : 0;
        }
      }
    }
    System.out.printf(
        "30 seeded bugs found; at most %d operations; %d of 5 repairs%n", most, repairs);
    assertThat(repairs).isEqualTo(Structure.values().length);
  }

  private static Optional<String> repair(
      Structure structure, Fault style, List<Operation> program) {
    StoreTrace trace = SeededPrograms.run(structure, style, program);
    CrashStates states = CrashStates.of(trace);
    CrashReport report = states.check(check(structure, style));
    return RepairSearch.search(states, check(structure, style), report.findings().get(0)).found();
  }

  @Test
  void noCleanProgramHasAFinding() {
    List<CrashMode> modes = new ArrayList<>(MODES);
    modes.add(CrashMode.PAGE);
    for (Structure structure : Structure.values()) {
      for (Fault style : Fault.values()) {
        for (CrashMode mode : modes) {
          assertThat(findings(structure, style, SeededPrograms.operations(false), mode))
              .as("%s %s %s", structure, style, mode)
              .isEmpty();
        }
      }
    }
  }
}
