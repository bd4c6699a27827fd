// SPDX-License-Identifier: Apache-2.0

/**
 * Programs: short sequences of file and memory operations, their text form, and what an operation
 * answered. Knows no backend: the same program runs on a model, a guest or a real machine.
 */
@NullMarked
package io.pmem4j.harness.program;

import org.jspecify.annotations.NullMarked;
