// SPDX-License-Identifier: Apache-2.0

/** The verbs of {@code ./pmem4j}: what they take, what they print, how they exit. */
@NullMarked
package io.pmem4j.harness.cli;

import org.jspecify.annotations.NullMarked;
