// SPDX-License-Identifier: Apache-2.0

/**
 * Where programs run: ext2-dax in this JVM, and a booted kernel. Each backend starts from a copy of
 * the same image and brings what it sees into the same form; what it may not do is hide a
 * difference.
 */
@NullMarked
package io.pmem4j.harness.backend;

import org.jspecify.annotations.NullMarked;
