// SPDX-License-Identifier: Apache-2.0

/**
 * Random programs, the same from the same seed.
 *
 * <p>What must not live here: a list of what one backend cannot do, other than {@link
 * io.pmem4j.harness.program.generator.LeftOut}, which reports print.
 */
@NullMarked
package io.pmem4j.harness.program.generator;

import org.jspecify.annotations.NullMarked;
