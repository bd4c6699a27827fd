// SPDX-License-Identifier: Apache-2.0

/**
 * The contract of a backend: something that runs programs and brings its answers to one form, with
 * the part of them that can be compared, and the list of rules that forgive a difference.
 *
 * <p>What must not live here: an implementation, or code that hides a difference other than by a
 * rule of {@link io.pmem4j.harness.backend.Forgiveness}.
 */
@NullMarked
package io.pmem4j.harness.backend;

import org.jspecify.annotations.NullMarked;
