// SPDX-License-Identifier: Apache-2.0

/**
 * Crash campaigns on the devices of the running machine: workers are killed and the machine is cut
 * off, and each acknowledged operation has to be there afterwards ({@code
 * docs/device-campaign.md}).
 */
@NullMarked
package io.pmem4j.harness.campaign;

import org.jspecify.annotations.NullMarked;
