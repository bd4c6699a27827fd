// SPDX-License-Identifier: Apache-2.0

/**
 * Sweeps over scenarios: pairs of operations, the races and findings that are known, the questions
 * of the letter of 2015, and mutants.
 *
 * <p>What must not live here: scenarios and oracles, which belong to {@code .scenario}.
 */
@NullMarked
package io.pmem4j.harness.explore;

import org.jspecify.annotations.NullMarked;
