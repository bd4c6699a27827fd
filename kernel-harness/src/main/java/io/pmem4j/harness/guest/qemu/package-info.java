// SPDX-License-Identifier: Apache-2.0

/**
 * QEMU: the spec of a guest, its process on the host or in a container, and QMP.
 *
 * <p>What must not live here: requests to the agent, or any knowledge of the guest's kernel.
 */
@NullMarked
package io.pmem4j.harness.guest.qemu;

import org.jspecify.annotations.NullMarked;
