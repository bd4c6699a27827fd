// SPDX-License-Identifier: Apache-2.0

/**
 * What {@code ./pmem4j bench pmem} measures. Here and nowhere else are the peers: LLPL, mashona, a
 * loop in C and a JNI stub (beside, in {@code src/test/c}). No test asserts a time.
 */
package io.pmem4j.pmem.bench;
