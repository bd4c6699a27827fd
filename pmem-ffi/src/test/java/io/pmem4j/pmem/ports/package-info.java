// SPDX-License-Identifier: Apache-2.0

/** Ports of other projects' file access to {@code PmemFile}, as tests of its channel. */
@NullMarked
package io.pmem4j.pmem.ports;

import org.jspecify.annotations.NullMarked;
