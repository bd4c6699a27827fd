// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A search for a repair of a finding: it inserts a drain, or a persist, at the places where the
 * lost stores were made, each time that line of code ran, and tries all states again. Only a repair
 * that makes every state pass is reported. Source: automatic persistency fixes (Hippocrates, ASPLOS
 * 2021), here by trying.
 */
public final class RepairSearch {
  private final CrashStates states;
  private final CrashCheck check;
  private int tried;

  private RepairSearch(CrashStates states, CrashCheck check) {
    this.states = states;
    this.check = check;
  }

  /**
   * The result of a search.
   *
   * @param found the repair, in words; empty if none of those tried makes all states pass
   * @param tried number of places tried
   */
  public record Result(Optional<String> found, int tried) {}

  /** Searches a repair for a finding of the same states and check. */
  public static Result search(CrashStates states, CrashCheck check, CrashFinding finding) {
    RepairSearch search = new RepairSearch(states, check);
    return new Result(search.find(finding), search.tried);
  }

  private List<TraceEvent> events() {
    return states.trace().events();
  }

  private Optional<String> find(CrashFinding finding) {
    Set<CodeSite> sites = new LinkedHashSet<>();
    for (StoreFate fate : finding.stores()) {
      if (fate.durable() < fate.words()) {
        sites.add(fate.store().site());
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    for (StoreFate fate : finding.stores()) {
      if (fate.durable() < fate.words()) {
        flushOf(fate).ifPresent(flush -> candidates.add(drainAfter(flush)));
        candidates.add(persistAfter(Set.of(fate.store().site()), fate.event()));
      }
    }
    if (sites.size() > 1) {
      candidates.add(persistAfter(sites, finding.stores().get(0).event()));
    }
    for (Candidate candidate : candidates) {
      tried++;
      if (passes(candidate.events())) {
        return Optional.of(candidate.words());
      }
    }
    return Optional.empty();
  }

  private boolean passes(List<TraceEvent> events) {
    CrashStates repaired = states.trace(states.trace().withEvents(events));
    return repaired.checkToFirst(check).passed();
  }

  private record Candidate(String words, List<TraceEvent> events) {}

  private Optional<TraceEvent> flushOf(StoreFate fate) {
    for (int i = fate.event() + 1; i < events().size(); i++) {
      TraceEvent event = events().get(i);
      if (event.kind() == TraceEvent.Kind.DRAIN && event.thread() == fate.store().thread()) {
        return Optional.empty();
      }
      if (event.kind() == TraceEvent.Kind.FLUSH
          && event.offset() <= fate.store().offset()
          && fate.store().offset() < event.offset() + event.length()) {
        return followedByDrain(i, event) ? Optional.empty() : Optional.of(event);
      }
    }
    return Optional.empty();
  }

  private boolean followedByDrain(int flush, TraceEvent event) {
    return flush + 1 < events().size()
        && events().get(flush + 1).kind() == TraceEvent.Kind.DRAIN
        && events().get(flush + 1).thread() == event.thread();
  }

  private Candidate drainAfter(TraceEvent flush) {
    List<TraceEvent> changed = new ArrayList<>();
    for (TraceEvent event : events()) {
      changed.add(event);
      if (event.kind() == TraceEvent.Kind.FLUSH && event.site().equals(flush.site())) {
        changed.add(drain(event));
      }
    }
    return new Candidate("drain() after " + flush.site(), changed);
  }

  private static TraceEvent drain(TraceEvent after) {
    return TraceEvent.range(TraceEvent.Kind.DRAIN, after.thread(), after.site(), "drain", 0, 0);
  }

  private Candidate persistAfter(Set<CodeSite> sites, int shown) {
    List<TraceEvent> changed = new ArrayList<>();
    for (TraceEvent event : events()) {
      changed.add(event);
      if (event.kind() == TraceEvent.Kind.STORE && sites.contains(event.site())) {
        changed.add(
            TraceEvent.range(
                TraceEvent.Kind.FLUSH,
                event.thread(),
                event.site(),
                "persist",
                event.offset(),
                event.length()));
        changed.add(drain(event));
      }
    }
    StringBuilder words = new StringBuilder();
    for (CodeSite site : sites) {
      TraceEvent store = events().get(shown);
      int at = shown;
      while (!store.site().equals(site)) {
        store = events().get(++at);
      }
      words.append(words.isEmpty() ? "" : ", and ");
      words.append("persist(").append(store.offset()).append(", ").append(store.length());
      words.append(") between ").append(store.site()).append(" and ").append(nextLine(at, store));
    }
    return new Candidate(words.toString(), changed);
  }

  /** Returns the next line of the thread that is another one. */
  private String nextLine(int at, TraceEvent store) {
    for (int i = at + 1; i < events().size(); i++) {
      TraceEvent next = events().get(i);
      if (next.thread() == store.thread() && !next.site().equals(store.site())) {
        return next.site().file().equals(store.site().file())
            ? Integer.toString(next.site().line())
            : next.site().toString();
      }
    }
    return "the end";
  }
}
