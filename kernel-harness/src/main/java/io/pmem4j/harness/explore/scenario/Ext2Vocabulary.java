// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.lab.LabState;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;

/** The words of interleavings for what ext2 and its memory announce and observe. */
final class Ext2Vocabulary implements Vocabulary {
  @Override
  public String state(Enum<?> kind, long number) {
    return switch (kind) {
      case StateKind state -> ofInode(state, number);
      case LabState _ -> "page cache of inode " + number;
      case ImageState state -> ofImage(state, number);
      default -> NAMES.state(kind, number);
    };
  }

  private static String ofImage(ImageState kind, long number) {
    return switch (kind) {
      case BLOCK -> "block " + number;
      case SUPERBLOCK -> "superblock";
      case GROUP_DESCRIPTORS -> "group descriptors";
      case BLOCK_BITMAP -> "block bitmap";
      case INODE_BITMAP -> "inode bitmap";
      case DURABLE_LINES -> "durable lines";
    };
  }

  private static String ofInode(StateKind kind, long ino) {
    return switch (kind) {
      case PAGE_TABLE -> "page table";
      case PINNED_FRAMES -> "contents of pinned frames";
      case INODE_CACHE -> "inodes in memory";
      case RESERVATIONS -> "reservation windows";
      case ATTRIBUTE_CACHE -> "shared blocks of attributes";
      case ATTRIBUTE_BLOCK -> "attributes in block " + ino;
      case I_SIZE -> "i_size of inode " + ino;
      case BLOCK_POINTERS -> "block pointers of inode " + ino;
      case NEW_BLOCKS -> "new blocks of inode " + ino;
      case CONTENTS -> "contents of inode " + ino;
      case PAGE_CACHE -> "cached pages of inode " + ino;
      case DAX_ENTRIES -> "DAX entries of inode " + ino;
    };
  }

  @Override
  public String observation(Enum<?> what, long first, long second) {
    return what instanceof Observation observation
        ? template(observation).formatted(first, second)
        : NAMES.observation(what, first, second);
  }

  private static String template(Observation what) {
    return switch (what) {
      case NO_PTE -> "no entry";
      case PTE_OF_BLOCK -> "block %d";
      case PTE_OF_BLOCK_REFUSES -> "not allowed: block %d";
      case PTE_OF_ZERO_PAGE -> "the page of zeros";
      case PTE_OF_ZERO_PAGE_REFUSES -> "the page of zeros not allowed";
      case PTE_OF_PAGE -> "cached page %d";
      case PTE_OF_PAGE_REFUSES -> "not allowed: cached page %d";
      case PTE_OF_COPY -> "a private copy";
      case PTE_OF_COPY_REFUSES -> "a private copy not allowed";
      case MAPS_BLOCK, PAGE_BLOCK -> "page %d block %d";
      case MAPS_HUGE -> "page %d 2 MiB from block %d";
      case MAPS_ZERO_PAGE -> "page %d the page of zeros";
      case MAPS_PAGE -> "page %d from the page cache";
      case MAPS_COPY -> "page %d a private copy";
      case UNMAPS -> "unmaps page %d to before %d";
      case WRITE_PROTECTS -> "page %d read-only: block %d";
      case MAKES_WRITABLE -> "writable: page %d";
      case PTE_CHANGED -> "not what the fault found";
      case LOCKS_ENTRY -> "page %d";
      case NO_ENTRY -> "page %d none";
      case ENTRY_OF_BLOCK -> "page %d a block";
      case ENTRY_OF_HOLE -> "page %d no block";
      case WRITES_PAGE -> "writes page %d back";
      case DROPS_PAGE -> "drops page %d";
      case SIZE -> "%d";
      case SIZE_FOR_CHECK -> "%d (the check looks, not the handler)";
      case SIZE_CHANGE -> "from %d to %d";
      case HOLE -> "page %d a hole";
      case ZEROES_BLOCK -> "zeroes block %d";
      case TAKES_BLOCK -> "takes block %d";
      case FREES_BLOCK -> "frees block %d";
      case DETACHES_TREE -> "takes out the tree at block %d";
      case DETACHES_BRANCH -> "takes out block %d";
      case DETACHES_POINTERS -> "takes out pointers %d to before %d";
      case BLOCKS_ON_FREEZE -> "blocks on the frozen file system";
    };
  }
}
