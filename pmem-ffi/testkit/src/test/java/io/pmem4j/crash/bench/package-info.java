// SPDX-License-Identifier: Apache-2.0

/** Measurements of the crash engine; run by hand, see docs/benchmarks.md. */
package io.pmem4j.crash.bench;
