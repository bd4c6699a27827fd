// SPDX-License-Identifier: Apache-2.0

/**
 * The crash test of JUnit Jupiter. The engine lives in {@link io.pmem4j.crash} and knows nothing of
 * JUnit. It needs {@code junit-jupiter-api} on the class path or module path of the tests.
 */
@NullMarked
package io.pmem4j.crash.junit;

import org.jspecify.annotations.NullMarked;
