// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The comparison of a check with that of e2fsck: the verdict, and the structures that the problems
 * of both are about. Each rule that lets a difference pass has a reason.
 */
final class Agreement {
  /** A verdict of this project's check. */
  enum Verdict {
    CLEAN,
    DAMAGED,
    REFUSED
  }

  /** A reason for a difference, in the order in which they are tried. */
  enum Reason {
    NOT_ENDED("e2fsck has no end: it follows pointers that lead back to their own block"),
    LATER_FEATURE("the superblock names a feature that ext2 has not: the check refuses it"),
    E2FSCK_ENDS("e2fsck gives up (status 8 or 12), the check goes on and finds what follows"),
    CHECK_ENDS("no superblock or no descriptors can be used: the check ends, e2fsck guesses on"),
    PAST_END("the superblock has more blocks than the image: the check ends or uses a backup"),
    SUPERBLOCK_FIRST("the superblock is wrong: the check does not use descriptors by it"),
    INDEX_OF_FILE("e2fsck reads the index of what is no directory"),
    STALE_BACKUP("a backup is used: e2fsck compares its old counters, the check does not"),
    POINTERS_OF_ANOTHER("e2fsck reads a block that another structure has as pointers"),
    TYPE_OF_BAD_INODE("e2fsck expects no type in entries of an inode that it calls bad"),
    VALUE_IN_INODE("e2fsck looks for attribute values in inodes, a feature of ext4"),
    EXTENTS("e2fsck reads pointers as extents when the flag is set, without the feature too"),
    BAD_BLOCKS("e2fsck takes blocks of inode 1 out of bitmaps and tables"),
    UNEXPLAINED("");

    private final String words;

    Reason(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  private static final int OPERATIONAL = 8;
  private static final Set<Integer> COUNTERS =
      Set.of(0x05000b, 0x05000c, 0x05000d, 0x05000e, 0x05000f);
  private static final Set<Integer> BACKUPS = Set.of(0x000044, 0x000045);

  /** An inode that a value would lie in: out of range, without its flag, of another count. */
  private static final Set<Integer> VALUE_INODES = Set.of(0x010083, 0x010085, 0x010086, 0x040005);

  private final E2fsckJudge.Judgement judgement;
  private final List<ImageFinding> findings = new ArrayList<>();
  private final Verdict verdict;
  private boolean complete = true;

  Agreement(HeapMemory image, E2fsckJudge.Judgement judgement) {
    this.judgement = judgement;
    this.verdict = check(image);
  }

  private Verdict check(HeapMemory image) {
    try {
      complete = ImageCheck.run(image, System.currentTimeMillis() / 1000, findings::add);
      return findings.isEmpty() ? Verdict.CLEAN : Verdict.DAMAGED;
    } catch (UnsupportedFeatureException _) {
      return Verdict.REFUSED;
    } catch (CorruptFileSystemException _) {
      complete = false;
      return Verdict.DAMAGED;
    } catch (Ext2Exception e) {
      throw new AssertionError(e);
    }
  }

  List<ImageFinding> findings() {
    return findings;
  }

  Verdict verdict() {
    return verdict;
  }

  /** Returns true if both say that the image is damaged, or that it is clean. */
  boolean isSameVerdict() {
    return verdict == (judgement.isDamaged() ? Verdict.DAMAGED : Verdict.CLEAN);
  }

  /** Returns the problems of e2fsck that are about structures of which no finding is. */
  Set<Integer> missing() {
    Set<ImageStructure> ours = structures();
    Set<Integer> missing = new TreeSet<>();
    for (int problem : judgement.problems()) {
      if (Collections.disjoint(ProblemTable.structures(problem), ours)) {
        missing.add(problem);
      }
    }
    return missing;
  }

  private Set<ImageStructure> structures() {
    Set<ImageStructure> structures = EnumSet.noneOf(ImageStructure.class);
    findings.forEach(each -> structures.add(each.structure()));
    return structures;
  }

  /** Returns the structures of findings that no problem of e2fsck is about. */
  Set<ImageStructure> extra() {
    Set<ImageStructure> extra = structures();
    judgement.problems().forEach(each -> extra.removeAll(ProblemTable.structures(each)));
    return extra;
  }

  /** Returns the reasons for the differences, none if there are none. */
  Set<Reason> reasons() {
    Set<Reason> reasons = EnumSet.noneOf(Reason.class);
    if (judgement.status() == E2fsckJudge.NOT_ENDED) {
      reasons.add(Reason.NOT_ENDED);
    } else if (verdict == Verdict.REFUSED) {
      reasons.add(Reason.LATER_FEATURE);
    } else if (!isSameVerdict()) {
      reasons.add(Reason.UNEXPLAINED);
    } else {
      missing().forEach(problem -> reasons.add(reason(problem)));
      extra().forEach(structure -> reasons.add(reason(structure)));
    }
    return reasons;
  }

  private boolean has(int... problems) {
    for (int problem : problems) {
      if (judgement.problems().contains(problem)) {
        return true;
      }
    }
    return false;
  }

  private boolean e2fsckEnds() {
    return (judgement.status() & OPERATIONAL) != 0;
  }

  private Reason reason(int problem) {
    if (!ProblemTable.has(problem)) {
      return Reason.UNEXPLAINED;
    }
    if (!complete) {
      return Reason.CHECK_ENDS;
    }
    if (has(0x000005)) {
      return Reason.PAST_END;
    }
    if (problem == 0x000045 && structures().contains(ImageStructure.SUPERBLOCK)) {
      return Reason.SUPERBLOCK_FIRST;
    }
    if (has(0x010048)) {
      return Reason.INDEX_OF_FILE;
    }
    if (!Collections.disjoint(judgement.problems(), BACKUPS)) {
      return COUNTERS.contains(problem) ? Reason.STALE_BACKUP : Reason.UNEXPLAINED;
    }
    if (problem == 0x020028) {
      return Reason.TYPE_OF_BAD_INODE;
    }
    if (!Collections.disjoint(judgement.problems(), VALUE_INODES)) {
      return Reason.VALUE_IN_INODE;
    }
    if (has(0x01005a)) {
      return Reason.EXTENTS;
    }
    if (has(0x010071, 0x013003, 0x011002, 0x011008)) {
      return Reason.POINTERS_OF_ANOTHER;
    }
    return findings.stream().anyMatch(each -> each.number() == 1)
        ? Reason.BAD_BLOCKS
        : Reason.UNEXPLAINED;
  }

  private Reason reason(ImageStructure structure) {
    if (e2fsckEnds()) {
      return Reason.E2FSCK_ENDS;
    }
    if (has(0x000005)) {
      return Reason.PAST_END;
    }
    if (has(0x011001, 0x011002)) {
      return Reason.POINTERS_OF_ANOTHER;
    }
    return structure == ImageStructure.BLOCK_POINTER
            && findings.stream().anyMatch(each -> each.number() == 1)
        ? Reason.BAD_BLOCKS
        : Reason.UNEXPLAINED;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(verdict).append(", e2fsck ").append(judgement.status()).append(" [");
    judgement.problems().forEach(each -> text.append(" %06x".formatted(each)));
    text.append(" ] only e2fsck:");
    missing().forEach(each -> text.append(" %06x".formatted(each)));
    text.append(" only the check: ").append(extra()).append(' ');
    text.append(findings.isEmpty() ? "" : findings.getFirst());
    return text.toString();
  }
}
