// SPDX-License-Identifier: Apache-2.0

/**
 * The verbs of {@code ./pmem4j}: their options, their output and their exit status. What must not
 * live here: a judgement on an outcome.
 */
@NullMarked
package io.pmem4j.harness.cli;

import org.jspecify.annotations.NullMarked;
