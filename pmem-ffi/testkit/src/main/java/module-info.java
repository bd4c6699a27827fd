// SPDX-License-Identifier: Apache-2.0

/**
 * Tests of code over persistent memory, on the production classes: every interleaving of two or
 * three tasks, and every state that a power failure may leave. For the test scope; no class that
 * ships uses it.
 *
 * <p>Tasks are continuations of the JDK under {@code --add-exports
 * java.base/jdk.internal.vm=io.pmem4j.testkit}, and threads without it, which find the same and
 * take longer. On the class path the name is {@code ALL-UNNAMED}.
 */
module io.pmem4j.testkit {
  requires transitive io.pmem4j.pmem;
  requires static transitive org.jspecify;
  // Users of @CrashTest bring it.
  requires static transitive org.junit.jupiter.api;

  exports io.pmem4j.crash;
  exports io.pmem4j.crash.junit;
  exports io.pmem4j.explore;
}
