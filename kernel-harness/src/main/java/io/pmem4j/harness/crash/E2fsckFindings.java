// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The output of {@code e2fsck -fn}, divided into the closed list of what a crash may leave with
 * {@code mount -o ordered}, and everything else. The list is in {@code docs/crash-consistency.md}.
 */
public final class E2fsckFindings {
  /** Complaints on the closed list; each is repaired by {@code e2fsck -fy} without loss. */
  enum Listed {
    LEAKED_BLOCKS("Block bitmap differences: (  ?-(\\d+|\\(\\d+--\\d+\\)))+"),
    LEAKED_INODES("Inode bitmap differences: (  ?-(\\d+|\\(\\d+--\\d+\\)))+"),
    FREE_COUNTS(
        "(Free (blocks|inodes)|Directories) count wrong( for group #\\d+)? "
            + "\\(\\d+, counted=\\d+\\)\\."),
    ORPHAN("Unattached (zero-length )?inode \\d+\\.?|Connect to /lost\\+found\\? no"),
    LINKS_TOO_HIGH("Inode \\d+ ref count is (?<more>\\d+), should be (?<less>\\d+)\\."),
    DELETED_WITHOUT_TIME("Deleted inode \\d+ has zero dtime\\."),
    BLOCKS_PAST_SIZE("Inode \\d+, i_size is (?<less>\\d+), should be (?<more>\\d+)\\."),
    UNCONNECTED("Unconnected directory inode \\d+ \\(.*|'\\.\\.' in .* is .*, should be .*"),
    TWO_NAMES("Entry '.*' in .* is a link to directory .*"),
    TYPE_UNKNOWN("Setting filetype for entry '.*' in .* to \\d+\\."),
    ATTRIBUTE_REFERENCES_TOO_HIGH(
        "Extended attribute block \\d+ has reference count (?<more>\\d+), should be"
            + " (?<less>\\d+)\\."),
    SECTORS("Inode \\d+, i_blocks is \\d+, should be \\d+\\.");

    private final Pattern pattern;

    Listed(String pattern) {
      this.pattern = Pattern.compile(pattern);
    }

    private boolean matches(String line) {
      var found = pattern.matcher(line);
      if (!found.matches()) {
        return false;
      }
      return !pattern.pattern().contains("?<more>")
          || Long.parseLong(found.group("more")) > Long.parseLong(found.group("less"));
    }
  }

  private static final Pattern FRAME =
      Pattern.compile(
          "e2fsck .*|Pass \\d.*|(Fix|Clear|Connect|Continue)\\? no|Padding at end .*"
              + "|.*: \\*{10} WARNING: Filesystem still has errors \\*{10}"
              + "|.*: \\d+/\\d+ files .* blocks");

  private final List<Listed> listed = new ArrayList<>();
  private final List<String> unlisted = new ArrayList<>();

  private E2fsckFindings() {}

  /** Parses an output. */
  public static E2fsckFindings of(String output) {
    E2fsckFindings findings = new E2fsckFindings();
    for (String each : output.split("\n", -1)) {
      String line =
          each.strip()
              .replaceFirst("^e2fsck exit \\d+: ", "")
              .replaceFirst("(?<=.)(Fix|Clear)\\? no$", "")
              .strip();
      if (!line.isEmpty() && !FRAME.matcher(line).matches()) {
        findings.add(line);
      }
    }
    return findings;
  }

  private void add(String line) {
    for (Listed each : Listed.values()) {
      if (each.matches(line)) {
        listed.add(each);
        return;
      }
    }
    unlisted.add(line);
  }

  /** Returns the complaints on the list. */
  List<Listed> listed() {
    return List.copyOf(listed);
  }

  /** Returns the lines that are not on the list. */
  public List<String> unlisted() {
    return List.copyOf(unlisted);
  }
}
