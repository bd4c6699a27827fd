// SPDX-License-Identifier: Apache-2.0

/**
 * The operation core of {@code src/main/c} on the kernel at hand: loaded into this JVM, or in a
 * child process for what a JVM cannot do to itself. The only JNI of the project: FFM gives no way
 * to survive a signal inside native code, and to end a guarded access in C is what this is for.
 *
 * <p>Requests and replies are those of {@link io.pmem4j.harness.guest}: what runs in a guest runs
 * here. Nothing in this package knows programs or file systems.
 */
@NullMarked
package io.pmem4j.harness.jni;

import org.jspecify.annotations.NullMarked;
