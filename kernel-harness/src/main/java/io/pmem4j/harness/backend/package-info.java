// SPDX-License-Identifier: Apache-2.0

/**
 * Backends that run programs: ext2-dax in this JVM, a booted kernel, and a directory of the running
 * kernel. Each starts from a copy of the same image and converts its answers to the same form. What
 * must not live here: code that hides a difference other than by a rule of {@link
 * io.pmem4j.harness.backend.Forgiveness}.
 */
@NullMarked
package io.pmem4j.harness.backend;

import org.jspecify.annotations.NullMarked;
