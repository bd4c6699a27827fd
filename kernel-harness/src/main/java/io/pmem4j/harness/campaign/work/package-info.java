// SPDX-License-Identifier: Apache-2.0

/**
 * The workloads of a campaign on a device and the process that runs them until it is killed. What
 * must not live here: the journal, and a judgement on hardware.
 */
@NullMarked
package io.pmem4j.harness.campaign.work;

import org.jspecify.annotations.NullMarked;
