// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A check that passes on the real sources and fails on a mutant. */
public sealed interface Killer {
  /**
   * A scenario of the explorer.
   *
   * @param scenario its name
   * @param profile the fault handlers, as an enum constant of ext2-dax
   * @param preemptions how many a failing schedule needs at most
   */
  record Scenario(String scenario, String profile, int preemptions) implements Killer {}

  /**
   * A shipped program.
   *
   * @param program its name
   * @param place text that a finding contains: the operation that diverges, or the tool that
   *     objects
   */
  record ShippedProgram(String program, String place) implements Killer {}

  /**
   * A unit test of the module, which fails on the mutant with all its arguments.
   *
   * @param type the name of its class
   * @param method the name of its method
   * @param says text that every failure contains; may be empty
   */
  record UnitTest(String type, String method, String says) implements Killer {}

  /**
   * A unit test in a JVM of its own, because the mutant may end the JVM or hang it, or the test
   * needs an environment.
   *
   * @param type the name of its class
   * @param method the name of its method
   * @param environment variables to set
   */
  record ForkedTest(String type, String method, Map<String, String> environment)
      implements Killer {}

  /**
   * A test of the harness that runs on the mutant and describes its damage.
   *
   * @param type the name of its class
   * @param method the name of its method
   */
  record Claim(String type, String method) implements Killer {}

  /**
   * Parses the value of a {@code killed-by} line: {@code explore SCENARIO PROFILE PREEMPTIONS},
   * {@code program NAME PLACE}, {@code test CLASS#METHOD TEXT}, {@code jvm CLASS#METHOD NAME=VALUE
   * ...} or {@code claim CLASS#METHOD}.
   *
   * @throws IllegalArgumentException if it is none of them
   */
  static Killer parse(String text) {
    String[] words = text.split(" ", 3);
    try {
      switch (words[0]) {
        case "explore" -> {
          String[] rest = words[2].split(" ", -1);
          if (rest.length == 2) {
            return new Scenario(
                words[1], rest[0].toUpperCase(Locale.ROOT), Integer.parseInt(rest[1]));
          }
        }
        case "program" -> {
          return new ShippedProgram(words[1], words[2]);
        }
        case "test" -> {
          String[] parts = words[1].split("#", -1);
          return new UnitTest(parts[0], parts[1], words.length == 2 ? "" : words[2]);
        }
        case "jvm" -> {
          String[] parts = words[1].split("#", -1);
          Map<String, String> environment = new TreeMap<>();
          for (String each : words.length == 2 ? new String[0] : words[2].split(" ", -1)) {
            String[] pair = each.split("=", 2);
            environment.put(pair[0], pair[1]);
          }
          return new ForkedTest(parts[0], parts[1], environment);
        }
        case "claim" -> {
          String[] parts = words[1].split("#", -1);
          return new Claim(parts[0], parts[1]);
        }
        default -> {}
      }
    } catch (ArrayIndexOutOfBoundsException | NumberFormatException incomplete) {
      throw unknown(text);
    }
    throw unknown(text);
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "killed-by: '"
            + text
            + "', expected 'explore SCENARIO PROFILE PREEMPTIONS', 'program NAME PLACE', 'test"
            + " CLASS#METHOD TEXT', 'jvm CLASS#METHOD NAME=VALUE ...' or 'claim CLASS#METHOD'");
  }
}
