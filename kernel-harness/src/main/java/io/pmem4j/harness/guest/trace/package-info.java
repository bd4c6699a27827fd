// SPDX-License-Identifier: Apache-2.0
/**
 * The stores of a guest to its NVDIMM, as a plugin of QEMU records them. The plugin is {@code
 * qemu/tracer/nvdimm-trace.c}. Nothing here knows what a store means.
 */
@NullMarked
package io.pmem4j.harness.guest.trace;

import org.jspecify.annotations.NullMarked;
