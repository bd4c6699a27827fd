// SPDX-License-Identifier: Apache-2.0

/**
 * Hardware of persistent memory: the properties in which machines differ, as the kernel's sysfs
 * states them. Knows nothing of guests, programs and verbs.
 */
@NullMarked
package io.pmem4j.harness.device;

import org.jspecify.annotations.NullMarked;
