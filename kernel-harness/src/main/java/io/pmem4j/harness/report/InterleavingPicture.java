// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The steps of a program as a table with a lane for each process. What a process has begun and not
 * ended fills its lane, so that steps beside it are seen to overlap.
 */
final class InterleavingPicture {
  private final StringBuilder html = new StringBuilder();
  private final List<String> lanes;
  private final Set<String> busy = new HashSet<>();

  private InterleavingPicture(List<String> lanes) {
    this.lanes = lanes;
  }

  /** Returns the element {@code table}; empty if there is no step. */
  static String of(List<StepLine> steps) {
    if (steps.isEmpty()) {
      return "";
    }
    Set<String> processes = new LinkedHashSet<>();
    processes.add("");
    steps.forEach(step -> processes.add(step.process()));
    return new InterleavingPicture(new ArrayList<>(processes)).table(steps);
  }

  private String table(List<StepLine> steps) {
    html.append("<table class=\"lanes\">\n<thead><tr><th class=\"n\">line");
    for (String lane : lanes) {
      html.append("<th>").append(lane.isEmpty() ? "program" : HtmlReport.escaped(lane));
    }
    html.append("<th>answer</tr></thead>\n<tbody>\n");
    for (StepLine step : steps) {
      row(step);
    }
    return html.append("</tbody></table>\n").toString();
  }

  private void row(StepLine step) {
    boolean bad = !step.findings().isEmpty();
    html.append("<tr").append(bad ? " class=\"bad\"" : "").append("><td class=\"n\">");
    html.append(step.line());
    for (String lane : lanes) {
      boolean own = lane.equals(step.process());
      boolean ends = own && step.kind() == StepLine.Kind.AWAITED;
      boolean begins = own && step.kind() == StepLine.Kind.BEGUN;
      String state = begins ? "begins" : ends ? "ends" : busy.contains(lane) ? "runs" : "";
      String steered = own && step.kind() == StepLine.Kind.STEERED ? " steered" : "";
      html.append("<td class=\"lane ").append(state).append(steered).append("\">");
      if (own) {
        html.append(HtmlReport.escaped(step.text()));
      }
      if (begins) {
        busy.add(lane);
      } else if (ends) {
        busy.remove(lane);
      }
    }
    html.append("<td>");
    answers(step.outcomes());
    for (String finding : step.findings()) {
      html.append("<div class=\"finding\">").append(HtmlReport.escaped(finding)).append("</div>");
    }
    html.append("</tr>\n");
  }

  private void answers(Map<String, String> outcomes) {
    if (outcomes.values().stream().distinct().count() == 1) {
      html.append("<span class=\"same\">")
          .append(HtmlReport.escaped(outcomes.values().iterator().next()))
          .append("</span>");
      return;
    }
    outcomes.forEach((backend, outcome) ->
        html.append("<div><b>")
            .append(HtmlReport.escaped(backend))
            .append("</b> ")
            .append(HtmlReport.escaped(outcome))
            .append("</div>"));
  }
}
