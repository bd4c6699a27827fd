// SPDX-License-Identifier: Apache-2.0

/**
 * Mutants: small patches that break one thing in pmem-ffi, its test kit or ext2-dax. A mutant lives
 * as {@code src/test/mutants/NAME.patch} of its module. Its classes are compiled in memory and
 * loaded in place of the real ones, so that no product class knows of any fault.
 *
 * <p>What must not live here: ways to kill a mutant. Scenarios belong to {@code explore}, programs
 * to {@code conform}.
 */
@NullMarked
package io.pmem4j.harness.mutant;

import org.jspecify.annotations.NullMarked;
