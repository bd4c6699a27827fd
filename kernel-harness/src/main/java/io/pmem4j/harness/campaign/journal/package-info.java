// SPDX-License-Identifier: Apache-2.0

/**
 * The journal of a campaign, which lies outside the device under test: what was intended, what was
 * acknowledged, each cut and its judgement. Knows nothing of workloads and hardware.
 */
@NullMarked
package io.pmem4j.harness.campaign.journal;

import org.jspecify.annotations.NullMarked;
