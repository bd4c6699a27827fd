// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.contract.Contract;
import io.pmem4j.pmem.contract.Installed;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's output and exit codes; EnvironmentTest shows that the contract holds. */
@Tag("slow") // JVMs of their own
class ContractLauncherTest {
  @TempDir Path folder;

  private ChildJvm.Result contract(String... arguments) throws Exception {
    return ChildJvm.run(
        folder,
        Map.of(),
        Stream.concat(Stream.of(Contract.class.getName()), Stream.of(arguments))
            .toArray(String[]::new));
  }

  @Test
  void argumentsThatMeanNothing() throws Exception {
    assertThat(contract().exit()).isEqualTo(2);
    assertThat(contract("a", "b").exit()).isEqualTo(2);
    assertThat(contract(folder.toString(), "--expect", "HUGE").exit()).isEqualTo(2);
    assertThat(contract("/no/such/place").exit()).isEqualTo(3);
  }

  @Test
  void aDeviceIsNotOverwrittenUnasked() throws Exception {
    ChildJvm.Result result = contract("/dev/null");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.output()).contains("--overwrite");
  }

  /** All but the refusals fail on a device that is none, and each failure is counted. */
  @Test
  void failuresAreSeen() throws Exception {
    Installed.assumeLibpmem();
    ChildJvm.Result result = contract("/dev/null", "--overwrite");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.output()).containsPattern("contract run 23 failed 22 skipped 0");
    assertThat(result.output()).contains("is not a DAX device");
  }
}
