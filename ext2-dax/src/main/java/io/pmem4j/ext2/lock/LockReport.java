// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import io.pmem4j.ext2.lock.LockGraph.Dependency;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/**
 * A finding of the check, in the words and the form of the kernel's lockdep, so that the two can be
 * compared. Immutable.
 *
 * @param kind what is wrong
 * @param chain the classes: for a circle from the lock wanted over what was taken under it to the
 *     lock held; else the class or the two classes concerned
 * @param text the report
 */
public record LockReport(Kind kind, List<LockClass> chain, String text) {
  private static final String LINE = "-".repeat(54);
  private static final String DOUBLE_LINE = "=".repeat(54);

  /** A kind of wrong acquisition. */
  public enum Kind {
    /** Classes were taken in an order that together with orders seen before is a circle. */
    CIRCULAR,
    /** A second lock of a class whose locks do not nest, or the same lock again. */
    RECURSIVE,
    /** The declared order forbids it, whether or not anything could deadlock yet. */
    ORDER
  }

  /** Copies the list. */
  public LockReport {
    chain = List.copyOf(chain);
  }

  /**
   * Reports a circle of lock classes.
   *
   * @param task who wants the lock
   * @param held the lock that the task holds
   * @param wanted the lock it is about to take
   * @param links how the class wanted leads to the class held, a link each
   * @param stack of the task
   */
  static LockReport circular(
      Object task, HeldEntry held, HeldEntry wanted, List<Dependency> links, List<String> stack) {
    List<LockClass> chain = new ArrayList<>(List.of(wanted.lockClass()));
    links.forEach(link -> chain.add(link.inner().lockClass()));
    StringBuilder text = head("possible circular locking dependency detected", task, wanted, stack);
    text.append("\nbut task is already holding lock:\n")
        .append(held(held))
        .append("\n\nwhich lock already depends on the new lock.\n")
        .append("\nthe existing dependency chain (in reverse order) is:\n");
    for (int i = links.size(); i > 0; i--) {
      Dependency link = links.get(i - 1);
      text.append("\n-> #").append(i).append(' ').append(named(link.inner())).append(":\n");
      frames(text, link.stack().lines());
    }
    text.append("\n-> #0 ").append(named(wanted)).append(":\n");
    frames(text, stack);
    text.append("\nother info that might help us debug this:\n\nChain exists of:\n  ")
        .append(chain.stream().map(LockClass::twin).collect(Collectors.joining(" --> ")))
        .append("\n\n Possible unsafe locking scenario:\n\n")
        .append("       CPU0                    CPU1\n")
        .append("       ----                    ----\n");
    LockClass before = links.getLast().outer().lockClass();
    scenario(text, 0, held.lockClass());
    if (before != wanted.lockClass()) {
      scenario(text, 1, before);
    } else {
      scenario(text, 1, wanted.lockClass());
    }
    scenario(text, 1, held.lockClass());
    scenario(text, 0, wanted.lockClass());
    text.append("\n *** DEADLOCK ***\n\nstack backtrace:\n");
    frames(text, stack);
    return new LockReport(Kind.CIRCULAR, chain, text.toString());
  }

  /** A second lock of a class, or the same lock. */
  static LockReport recursive(Object task, HeldEntry held, HeldEntry wanted, List<String> stack) {
    StringBuilder text = head("possible recursive locking detected", task, wanted, stack);
    text.append("\nbut task is already holding lock:\n")
        .append(held(held))
        .append("\n\nother info that might help us debug this:\n")
        .append(" Possible unsafe locking scenario:\n\n       CPU0\n       ----\n");
    scenario(text, 0, held.lockClass());
    scenario(text, 0, wanted.lockClass());
    text.append("\n *** DEADLOCK ***\n");
    if (!held.exclusive() && !wanted.exclusive()) {
      text.append("\n Both are shared: a writer that waits in between is enough.\n");
    }
    text.append("\nstack backtrace:\n");
    frames(text, stack);
    return new LockReport(Kind.RECURSIVE, List.of(wanted.lockClass()), text.toString());
  }

  /** Against the declared order. */
  static LockReport order(
      Object task, LockOrder order, HeldEntry held, HeldEntry wanted, List<String> stack) {
    StringBuilder text = head("lock order " + order.name() + " violated", task, wanted, stack);
    text.append("\nbut task is already holding lock:\n")
        .append(held(held))
        .append("\n\n")
        .append(
            order.allows(wanted.lockClass(), held.lockClass())
                ? "The order has them the other way round.\n"
                : "The order has them mutually exclusive.\n")
        .append("\nstack backtrace:\n");
    frames(text, stack);
    return new LockReport(
        Kind.ORDER, List.of(held.lockClass(), wanted.lockClass()), text.toString());
  }

  private static StringBuilder head(
      String warning, Object task, HeldEntry wanted, List<String> stack) {
    return new StringBuilder(DOUBLE_LINE)
        .append("\nWARNING: ")
        .append(warning)
        .append('\n')
        .append(LINE)
        .append('\n')
        .append(task instanceof Thread thread ? thread.getName() : task)
        .append(" is trying to acquire lock:\n")
        .append(held(wanted))
        .append(stack.isEmpty() ? "" : ", at: " + stack.getFirst())
        .append('\n');
  }

  private static String held(HeldEntry holding) {
    return holding.name() + " " + named(holding);
  }

  private static String named(HeldEntry holding) {
    return "(" + holding.lockClass().twin() + "){" + (holding.exclusive() ? "+" : "r") + "}";
  }

  private static void frames(StringBuilder text, List<String> stack) {
    StringJoiner frames = new StringJoiner("\n       ", "       ", "\n");
    stack.forEach(frames::add);
    text.append(frames);
  }

  private static void scenario(StringBuilder text, int cpu, LockClass lockClass) {
    text.append(cpu == 0 ? "  " : " ".repeat(31))
        .append("lock(")
        .append(lockClass.twin())
        .append(");\n");
  }

  /** The report in a line. */
  public String summary() {
    return kind
        + ": "
        + chain.stream().map(LockClass::twin).collect(Collectors.joining(" -> "))
        + (kind == Kind.CIRCULAR ? " -> " + chain.getFirst().twin() : "");
  }

  @Override
  public String toString() {
    return text;
  }
}
