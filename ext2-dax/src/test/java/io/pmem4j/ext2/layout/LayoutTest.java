// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Offsets and sizes, from the documentation of the format and not from our layouts. */
class LayoutTest {

  @Test
  void structuresHaveTheirSizes() {
    assertThat(Superblock.LAYOUT.byteSize()).isEqualTo(1024);
    assertThat(GroupDescriptor.LAYOUT.byteSize()).isEqualTo(32);
    assertThat(RawInode.LAYOUT.byteSize()).isEqualTo(128);
    assertThat(DirEntry.LAYOUT.byteSize()).isEqualTo(DirEntry.HEADER_BYTES);
  }

  @ParameterizedTest
  @CsvSource({
    "s_inodes_count, 0, 4",
    "s_blocks_count, 4, 4",
    "s_r_blocks_count, 8, 4",
    "s_free_blocks_count, 12, 4",
    "s_free_inodes_count, 16, 4",
    "s_first_data_block, 20, 4",
    "s_log_block_size, 24, 4",
    "s_log_frag_size, 28, 4",
    "s_blocks_per_group, 32, 4",
    "s_frags_per_group, 36, 4",
    "s_inodes_per_group, 40, 4",
    "s_mtime, 44, 4",
    "s_wtime, 48, 4",
    "s_mnt_count, 52, 2",
    "s_max_mnt_count, 54, 2",
    "s_magic, 56, 2",
    "s_state, 58, 2",
    "s_errors, 60, 2",
    "s_minor_rev_level, 62, 2",
    "s_lastcheck, 64, 4",
    "s_checkinterval, 68, 4",
    "s_creator_os, 72, 4",
    "s_rev_level, 76, 4",
    "s_def_resuid, 80, 2",
    "s_def_resgid, 82, 2",
    "s_first_ino, 84, 4",
    "s_inode_size, 88, 2",
    "s_block_group_nr, 90, 2",
    "s_feature_compat, 92, 4",
    "s_feature_incompat, 96, 4",
    "s_feature_ro_compat, 100, 4",
    "s_uuid, 104, 16",
    "s_volume_name, 120, 16",
    "s_last_mounted, 136, 64",
    "s_algorithm_usage_bitmap, 200, 4",
    "s_journal_uuid, 208, 16",
    "s_last_orphan, 232, 4",
    "s_hash_seed, 236, 16",
    "s_def_hash_version, 252, 1",
    "s_default_mount_opts, 256, 4",
    "s_first_meta_bg, 260, 4",
  })
  void superblock(String field, long offset, long size) {
    check(Superblock.LAYOUT, field, offset, size);
  }

  @ParameterizedTest
  @CsvSource({
    "bg_block_bitmap, 0, 4",
    "bg_inode_bitmap, 4, 4",
    "bg_inode_table, 8, 4",
    "bg_free_blocks_count, 12, 2",
    "bg_free_inodes_count, 14, 2",
    "bg_used_dirs_count, 16, 2",
    "bg_reserved, 20, 12",
  })
  void groupDescriptor(String field, long offset, long size) {
    check(GroupDescriptor.LAYOUT, field, offset, size);
  }

  @ParameterizedTest
  @CsvSource({
    "i_mode, 0, 2",
    "i_uid, 2, 2",
    "i_size, 4, 4",
    "i_atime, 8, 4",
    "i_ctime, 12, 4",
    "i_mtime, 16, 4",
    "i_dtime, 20, 4",
    "i_gid, 24, 2",
    "i_links_count, 26, 2",
    "i_blocks, 28, 4",
    "i_flags, 32, 4",
    "l_i_reserved1, 36, 4",
    "i_block, 40, 60",
    "i_generation, 100, 4",
    "i_file_acl, 104, 4",
    "i_dir_acl, 108, 4",
    "i_faddr, 112, 4",
    "l_i_frag, 116, 1",
    "l_i_fsize, 117, 1",
    "l_i_uid_high, 120, 2",
    "l_i_gid_high, 122, 2",
    "l_i_reserved2, 124, 4",
  })
  void inode(String field, long offset, long size) {
    check(RawInode.LAYOUT, field, offset, size);
  }

  @ParameterizedTest
  @CsvSource({"inode, 0, 4", "rec_len, 4, 2", "name_len, 6, 1", "file_type, 7, 1"})
  void directoryEntry(String field, long offset, long size) {
    check(DirEntry.LAYOUT, field, offset, size);
  }

  private static void check(StructLayout layout, String field, long offset, long size) {
    PathElement element = PathElement.groupElement(field);
    assertThat(layout.byteOffset(element)).isEqualTo(offset);
    assertThat(layout.select(element).byteSize()).isEqualTo(size);
  }

  @Test
  void entriesTakeMultiplesOfFour() {
    assertThat(DirEntry.bytesFor(1)).isEqualTo(12);
    assertThat(DirEntry.bytesFor(4)).isEqualTo(12);
    assertThat(DirEntry.bytesFor(5)).isEqualTo(16);
    assertThat(DirEntry.bytesFor(255)).isEqualTo(264);
  }
}
