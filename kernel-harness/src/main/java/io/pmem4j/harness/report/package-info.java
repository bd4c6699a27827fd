// SPDX-License-Identifier: Apache-2.0

/** Reports: what a person reads and what a machine reads, from the same results. */
@NullMarked
package io.pmem4j.harness.report;

import org.jspecify.annotations.NullMarked;
