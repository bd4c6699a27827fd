// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.contract.Contract;
import io.pmem4j.pmem.contract.Installed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract once more under the variables that change what libpmem does. */
@Tag("slow")
class EnvironmentTest {
  private static final String LIKE_A_USERS = "PMEM_IS_PMEM_FORCE=1";
  private static final String FORCED = LIKE_A_USERS + " ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        LIKE_A_USERS,
        "PMEM_IS_PMEM_FORCE=1 PMEM_NO_FLUSH=1",
        "PMEM_IS_PMEM_FORCE=1 PMEM_NO_CLWB=1 PMEM_MOVNT_THRESHOLD=0",
        "PMEM_IS_PMEM_FORCE=1 PMEM_NO_CLWB=1 PMEM_NO_CLFLUSHOPT=1 PMEM_NO_MOVNT=1",
        "PMEM_IS_PMEM_FORCE=1 PMEM_MOVNT_THRESHOLD=1000000000",
        "PMEM_IS_PMEM_FORCE=0",
      })
  void contractHolds(String variables, @TempDir(factory = InMemory.class) Path folder)
      throws Exception {
    Installed.assumeLibpmem();
    Map<String, String> environment =
        Arrays.stream(variables.split(" "))
            .map(variable -> variable.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    if (!variables.equals(LIKE_A_USERS)) {
      // What is asked here does not depend on how far code is compiled, and once is enough.
      environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
    }
    List<String> main =
        new ArrayList<>(List.of(Contract.class.getName(), folder.toString(), "--expect"));
    main.add(variables.startsWith(LIKE_A_USERS) ? "CACHE_LINE" : "PAGE");
    if (variables.startsWith(FORCED)) {
      main.addAll(List.of("--backend", "LIBPMEM")); // libpmem alone knows the further variables
    }
    ChildJvm.Result result = ChildJvm.run(folder, environment, main.toArray(String[]::new));
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).containsPattern("contract run [1-9][0-9]+ failed 0");
  }
}
