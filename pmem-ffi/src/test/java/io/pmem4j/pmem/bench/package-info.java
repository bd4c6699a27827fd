// SPDX-License-Identifier: Apache-2.0

/**
 * The measurements of {@code ./pmem4j bench pmem}. The peers are used only here: LLPL, mashona, a
 * loop in C and a JNI stub (both in {@code src/test/c}). No test asserts a time.
 */
package io.pmem4j.pmem.bench;
