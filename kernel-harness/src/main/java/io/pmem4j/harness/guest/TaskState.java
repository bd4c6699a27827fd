// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The state of a task, read from {@code /proc} at one moment.
 *
 * @param operation {@code idle}, {@code running} or {@code finished}
 * @param letter the scheduler's: {@code S} asleep, {@code D} asleep and not to be woken by signals
 * @param wchan the kernel function it sleeps in, {@code 0} if it runs
 * @param stack its kernel functions, innermost first
 * @param rendezvous all armed places of the kernel: {@code POINT PID armed|waiting ARRIVALS}
 */
public record TaskState(
    String operation, char letter, String wchan, List<String> stack, List<String> rendezvous) {

  /**
   * The beginnings of the names of kernel functions that wait for a lock; 6.1 does not name them.
   */
  private static final Pattern OF_LOCKS =
      Pattern.compile("(_*(rwsem|down|mutex|percpu_rwsem|schedule|preempt)_?.*)|__switch_to");

  /** Returns whether the task sleeps uninterruptibly, and at no rendezvous. */
  public boolean sleepsOnALock() {
    return operation.equals("running")
        && letter == 'D'
        && !wchan.equals("0")
        && stack.stream().noneMatch(function -> function.contains("rendezvous"));
  }

  /** The innermost function of its stack that is none of a lock's own; empty if there is none. */
  public String wantedBy() {
    return stack.stream()
        .filter(function -> !OF_LOCKS.matcher(function).matches())
        .findFirst()
        .orElse("");
  }

  static TaskState parse(String text) {
    Map<String, List<String>> lines =
        text.lines()
            .map(line -> line.split("=", 2))
            .filter(line -> line.length == 2)
            .collect(
                Collectors.groupingBy(
                    line -> line[0], Collectors.mapping(line -> line[1], Collectors.toList())));
    String stat = first(lines, "stat");
    // The name before the letter is in brackets and may hold anything.
    int letter = stat.lastIndexOf(')') + 2;
    return new TaskState(
        first(lines, "operation"),
        letter < stat.length() ? stat.charAt(letter) : '?',
        first(lines, "wchan"),
        lines.getOrDefault("stack", List.of()).stream().map(TaskState::function).toList(),
        lines.getOrDefault("rendezvous", List.of()));
  }

  private static String first(Map<String, List<String>> lines, String key) {
    return lines.getOrDefault(key, List.of("")).getFirst();
  }

  /** {@code [<0>] down_write+0x1c/0x2c} is {@code down_write}. */
  private static String function(String frame) {
    return frame.replaceFirst("^\\[<[0-9a-f]*>] ", "").replaceFirst("\\+0x.*", "");
  }
}
