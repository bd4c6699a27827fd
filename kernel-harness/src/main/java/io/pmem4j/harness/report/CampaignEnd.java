// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The end of one run of a part: its findings of no program in particular, and its counts.
 *
 * @param edges lock edges that model and kernel both have
 * @param findings about lock edges
 * @param forgiven how often each rule left something out, by its sentence
 * @param seconds wall time of the run
 */
public record CampaignEnd(
    Set<String> edges, List<String> findings, Map<String, Long> forgiven, double seconds) {
  /** Copies the collections. */
  public CampaignEnd {
    edges = Set.copyOf(edges);
    findings = List.copyOf(findings);
    forgiven = Map.copyOf(forgiven);
  }
}
