// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;

/** The times and the journal's fields of a superblock, which no other check depends on. */
final class SuperblockTimes {
  private SuperblockTimes() {}

  static void check(CheckedImage image, long now) {
    SuperblockFields superblock = image.superblock;
    for (String field : new String[] {"s_mtime", "s_wtime"}) {
      long time = superblock.get(field);
      if (time > now) {
        image.add(Kind.FUTURE_TIME, 0, field, superblock.at(field), time, 0, now);
      }
    }
    long journal = superblock.get("s_journal_inum");
    if (journal != 0) {
      String field = "s_journal_inum";
      image.add(Kind.BAD_SUPERBLOCK, 0, field, superblock.at(field), journal, 0);
    }
    long uuid = superblock.at("s_journal_uuid");
    for (long at = uuid; at < uuid + 16; at += 4) {
      if (image.u32(at) != 0) {
        image.add(Kind.BAD_SUPERBLOCK, 0, "s_journal_uuid", at, image.u32(at), 0);
      }
    }
  }
}
