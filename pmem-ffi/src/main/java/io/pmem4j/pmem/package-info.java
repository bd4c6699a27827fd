// SPDX-License-Identifier: Apache-2.0

/** The region API. */
@NullMarked
package io.pmem4j.pmem;

import org.jspecify.annotations.NullMarked;
