// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A record of the journal: a word and its fields, without blanks and line ends inside a field. */
public sealed interface JournalRecord {
  /** Returns the words of the record. */
  List<String> words();

  /**
   * The first record.
   *
   * @param campaign a random name, which the device under test has too
   * @param seed of the workloads
   * @param places the paths under test
   */
  record Header(String campaign, long seed, List<String> places) implements JournalRecord {
    /** The version of the format that is written and read. */
    public static final int VERSION = 1;

    /** Copies the list. */
    public Header {
      places = List.copyOf(places);
    }

    @Override
    public List<String> words() {
      List<String> words = new ArrayList<>();
      words.addAll(List.of("campaign", String.valueOf(VERSION), campaign, String.valueOf(seed)));
      words.addAll(places);
      return words;
    }
  }

  /**
   * A sequence of operations of one worker on one path.
   *
   * @param lane its number
   * @param description its workload and place, for reports and for its next worker
   */
  record LaneDeclared(int lane, List<String> description) implements JournalRecord {
    /** Copies the list. */
    public LaneDeclared {
      description = List.copyOf(description);
    }

    @Override
    public List<String> words() {
      List<String> words = new ArrayList<>(List.of("lane", String.valueOf(lane)));
      words.addAll(description);
      return words;
    }
  }

  /** An operation is about to begin. */
  record Intended(int lane, long operation) implements JournalRecord {
    @Override
    public List<String> words() {
      return List.of("intends", String.valueOf(lane), String.valueOf(operation));
    }
  }

  /** An operation has ended, and has to be there from now on. */
  record Acknowledged(int lane, long operation) implements JournalRecord {
    @Override
    public List<String> words() {
      return List.of("done", String.valueOf(lane), String.valueOf(operation));
    }
  }

  /** A lane was checked after a cut; this is its last operation, which has to stay. */
  record Recovered(int lane, long operation) implements JournalRecord {
    @Override
    public List<String> words() {
      return List.of("found", String.valueOf(lane), String.valueOf(operation));
    }
  }

  /** The hardware at one moment, attribute by attribute. */
  record Hardware(Map<String, String> facts) implements JournalRecord {
    /** Copies the map. */
    public Hardware {
      facts = Map.copyOf(facts);
    }

    @Override
    public List<String> words() {
      List<String> words = new ArrayList<>(List.of("hardware"));
      new TreeMap<>(facts).forEach((key, value) -> words.add(key + "=" + value));
      return words;
    }
  }

  /**
   * A cut is about to be made.
   *
   * @param cut its number, from 1
   * @param kind of the cut
   * @param detail such as a kill point
   */
  record CutBegun(int cut, CutKind kind, String detail) implements JournalRecord {
    @Override
    public List<String> words() {
      return List.of("cut", String.valueOf(cut), kind.word(), detail);
    }
  }

  /**
   * A cut was judged.
   *
   * @param cut its number
   * @param outcome of it
   * @param detail the reason, empty if it held
   */
  record CutJudged(int cut, CutOutcome outcome, String detail) implements JournalRecord {
    @Override
    public List<String> words() {
      return List.of("judged", String.valueOf(cut), outcome.word(), detail);
    }
  }

  /** The kinds of cuts, by what they take away. */
  enum CutKind {
    /** SIGKILL of the workers at a random moment. */
    KILL,
    /** SIGKILL of a worker that stands at a point of its code. */
    POINT,
    /** The campaign itself was stopped, with its workers. */
    STOPPED,
    /** The machine was rebooted or cut off by the user's command. */
    POWER;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The outcomes of a cut. */
  enum CutOutcome {
    /** Every acknowledged operation was there. */
    HELD,
    /** An acknowledged operation was not there, or not whole. */
    FINDING,
    /** The platform itself reports a loss, so that nothing follows for the software. */
    PLATFORM,
    /** No cut happened, or other hardware answers. */
    ENVIRONMENT;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Returns the record of these words.
   *
   * @throws IllegalArgumentException if they are no record of this version
   */
  static JournalRecord of(List<String> words) {
    try {
      return switch (words.getFirst()) {
        case "campaign" -> {
          if (!words.get(1).equals(String.valueOf(Header.VERSION))) {
            throw new IllegalArgumentException(
                "journal of version " + words.get(1) + ", expected " + Header.VERSION);
          }
          yield new Header(
              words.get(2), Long.parseLong(words.get(3)), words.subList(4, words.size()));
        }
        case "lane" -> new LaneDeclared(number(words), words.subList(2, words.size()));
        case "intends" -> new Intended(number(words), Long.parseLong(words.get(2)));
        case "done" -> new Acknowledged(number(words), Long.parseLong(words.get(2)));
        case "found" -> new Recovered(number(words), Long.parseLong(words.get(2)));
        case "hardware" -> hardware(words.subList(1, words.size()));
        case "cut" -> new CutBegun(number(words), of(CutKind.values(), words), words.get(3));
        case "judged" -> new CutJudged(number(words), of(CutOutcome.values(), words), words.get(3));
        default -> throw new IllegalArgumentException("unknown record '" + words.getFirst() + "'");
      };
    } catch (IndexOutOfBoundsException short_) {
      throw new IllegalArgumentException("record " + words + " is too short", short_);
    }
  }

  private static int number(List<String> words) {
    return Integer.parseInt(words.get(1));
  }

  private static <E extends Enum<E>> E of(E[] values, List<String> words) {
    return Arrays.stream(values)
        .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(words.get(2)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown word '" + words.get(2) + "'"));
  }

  private static Hardware hardware(List<String> words) {
    Map<String, String> facts = new TreeMap<>();
    for (String word : words) {
      int equals = word.indexOf('=');
      facts.put(word.substring(0, equals), word.substring(equals + 1));
    }
    return new Hardware(facts);
  }
}
