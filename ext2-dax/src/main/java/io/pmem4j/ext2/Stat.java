// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * The attributes that {@code fstat} reports, and the generation.
 *
 * @param ino inode number
 * @param mode type and permission bits, Linux values
 * @param nlink links
 * @param uid owner
 * @param gid group
 * @param size bytes
 * @param blocks512 {@code st_blocks}: units of 512 bytes, indirect blocks included
 * @param atime seconds since the epoch; ext2 keeps no smaller unit
 * @param mtime seconds since the epoch
 * @param ctime seconds since the epoch
 * @param generation {@code i_generation}
 * @param device {@code st_rdev} of a device as the kernel encodes it: bits 8 to 19 are the major
 *     number, the others the minor number; else 0
 */
public record Stat(
    int ino,
    int mode,
    int nlink,
    int uid,
    int gid,
    long size,
    long blocks512,
    long atime,
    long mtime,
    long ctime,
    int generation,
    int device) {}
