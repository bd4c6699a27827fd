// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CheckedLedger;
import io.pmem4j.crash.CrashFoundError;
import io.pmem4j.crash.CrashMedium;
import io.pmem4j.crash.CrashMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrashTestTest {
  private String name;

  @BeforeEach
  void lifecycleMethodsRun(TestInfo info) {
    name = info.getDisplayName();
  }

  @CrashTest
  void entriesSurvive(CrashMedium medium) throws Throwable {
    medium.run(file -> CheckedLedger.append(file, 3)).after(file -> CheckedLedger.verify(file));
    assertThat(name).isIn("x86", "java");
  }

  @CrashTest(
      mode = {CrashMode.PAGE, CrashMode.AUTO_FLUSH},
      complete = true)
  void entriesSurviveElsewhere(CrashMedium medium) throws Throwable {
    medium.run(file -> CheckedLedger.append(file, 3)).after(file -> CheckedLedger.verify(file));
    assertThat(name).isIn("page", "auto flush");
  }

  /** The failure is expected, so that it must come: the handler does not run without one. */
  static final class ExpectsFinding implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) {
      assertThat(failure).isInstanceOf(CrashFoundError.class);
      assertThat(failure.getMessage())
          .startsWith("CrashTestTest.anEntryIsLost: ")
          .contains("repair that makes all")
          .contains("replay: mvn test -Dtest=CrashTestTest#anEntryIsLost -Dcrash.replay=");
    }
  }

  @CrashTest
  @ExtendWith(ExpectsFinding.class)
  void anEntryIsLost(CrashMedium medium) throws Throwable {
    medium
        .run(file -> CheckedLedger.appendWithoutPersist(file, 3))
        .after(file -> CheckedLedger.verify(file));
    throw new IllegalStateException("no finding");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  @ExtendWith(CrashTestExtension.class)
  void parameterisedTestsHaveAMedium(int entries, CrashMedium medium) throws Throwable {
    medium
        .run(file -> CheckedLedger.append(file, entries))
        .after(file -> CheckedLedger.verify(file));
  }
}
