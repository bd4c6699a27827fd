// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash.junit;

import io.pmem4j.crash.CrashMode;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test method that tries every crash state of ordinary code, once for each mode. It has a
 * parameter of {@link io.pmem4j.crash.CrashMedium}.
 *
 * {@snippet :
 * @CrashTest
 * void entriesSurvive(CrashMedium medium) throws Throwable {
 *   medium.run(file -> Ledger.append(file, 3)).after(file -> Ledger.verify(file));
 * }
 * }
 *
 * <p>A passing test reports the number of states explored. States left out are a line of the
 * report, and a failure under {@link #complete}. A failure names the crash, the stores with their
 * fate, the exception of the check, a repair that was tried and makes all states pass, and a file
 * that replays the state: {@code -Dcrash.replay=FILE}.
 *
 * <p>Parameterised tests use {@code @ExtendWith(CrashTestExtension.class)} and a parameter of the
 * same type; it has the default modes.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(CrashTestExtension.class)
public @interface CrashTest {
  /** Returns the modes, each of which is one invocation. */
  CrashMode[] mode() default {CrashMode.X86, CrashMode.JAVA};

  /** Returns the limit of states at one point of a crash; beyond it a sample is tried. */
  long atMost() default 65_536;

  /** Returns the seed of samples. */
  long seed() default 1;

  /** Returns true if a state left out is a failure. */
  boolean complete() default false;
}
