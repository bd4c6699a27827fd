// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A kernel without DAX in ext2 is asked what it can answer, and each omission has its reason. */
class DriverLacksTest {
  private static Program program(String head, String steps) throws Exception {
    return ProgramParser.parse("test", "title test\n" + head + "\n" + steps);
  }

  @Test
  void ext2Of73IsMountedWithoutDax() throws Exception {
    Program dax = program("scope ext2\n", "open f /f rw creat => result=0\nfstat f => blocks=0\n");
    assertThat(DriverLacks.of(Kernel.LINUX_7_3, dax))
        .hasValueSatisfying(reason -> assertThat(reason).startsWith("the ext2 of 7.3 has no DAX"));
    Program without = dax.with(Kernel.LINUX_7_3.mount());
    assertThat(DriverLacks.of(Kernel.LINUX_7_3, without)).isEmpty();
    assertThat(DriverLacks.options(Kernel.LINUX_7_3, without)).doesNotContain("dax");
    assertThat(without.steps()).as("written for DAX").allMatch(step -> step.expected().isEmpty());
    assertThat(dax.with(Kernel.MERGED.mount())).isEqualTo(dax);
    Program own = program("scope ext2\nmount nodax\n", "open f /f rw creat => result=0\n");
    assertThat(own.with(Kernel.LINUX_7_3.mount())).as("written without DAX").isEqualTo(own);
  }

  @Test
  void ext4AnswersWhatIsNoMatterOfExt2() throws Exception {
    String steps = "open f /f rw creat\n";
    assertThat(DriverLacks.of(Kernel.LINUX_7_3_EXT4, program("scope dax\n", steps))).isEmpty();
    assertThat(DriverLacks.of(Kernel.LINUX_7_3_EXT4, program("scope ext2\n", steps)))
        .contains("the program is one of scope ext2, and this is ext4");
    assertThat(DriverLacks.of(Kernel.LINUX_7_3_EXT4, program("scope dax\nmount nodax\n", steps)))
        .isPresent();
    assertThat(DriverLacks.view(Kernel.LINUX_7_3_EXT4).scope()).isEqualTo(Scope.DAX);
    assertThat(DriverLacks.view(Kernel.LINUX_7_3_EXT4).image()).isFalse();
    assertThat(DriverLacks.view(Kernel.LINUX_7_3).image()).isTrue();
  }

  @Test
  void eachListedProgramIsShippedAndOmittedOnItsKernelAlone() throws Exception {
    List<String> listed =
        ProgramLibrary.shipped().stream()
            .map(each -> each.with(Kernel.LINUX_7_3.mount()))
            .filter(each ->
                DriverLacks.of(Kernel.LINUX_7_3, each).orElse("").contains("answers otherwise"))
            .filter(each -> DriverLacks.of(Kernel.LINUX_6_12, each).isEmpty())
            .map(Program::name)
            .toList();
    assertThat(DriverLacks.listed().stream().filter(each -> each.startsWith("7.3 ")))
        .containsExactlyInAnyOrderElementsOf(listed.stream().map(name -> "7.3 " + name).toList());
  }
}
