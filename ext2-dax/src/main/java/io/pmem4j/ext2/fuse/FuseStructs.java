// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The structures of the protocol with the kernel's field names: {@code linux/fuse.h}, version 7.38.
 * A constant such as {@code ATTR_SIZE} is the offset of a field in its structure, in bytes.
 */
final class FuseStructs {
  static final StructLayout IN_HEADER =
      struct(
          "fuse_in_header",
          ValueLayout.JAVA_INT.withName("len"),
          ValueLayout.JAVA_INT.withName("opcode"),
          ValueLayout.JAVA_LONG.withName("unique"),
          ValueLayout.JAVA_LONG.withName("nodeid"),
          ValueLayout.JAVA_INT.withName("uid"),
          ValueLayout.JAVA_INT.withName("gid"),
          ValueLayout.JAVA_INT.withName("pid"),
          ValueLayout.JAVA_SHORT.withName("total_extlen"),
          ValueLayout.JAVA_SHORT.withName("padding"));
  static final long IN_HEADER_LEN = at(IN_HEADER, "len");
  static final long IN_HEADER_OPCODE = at(IN_HEADER, "opcode");
  static final long IN_HEADER_UNIQUE = at(IN_HEADER, "unique");
  static final long IN_HEADER_NODEID = at(IN_HEADER, "nodeid");
  static final long IN_HEADER_UID = at(IN_HEADER, "uid");
  static final long IN_HEADER_GID = at(IN_HEADER, "gid");
  static final long IN_HEADER_PID = at(IN_HEADER, "pid");

  static final StructLayout OUT_HEADER =
      struct(
          "fuse_out_header",
          ValueLayout.JAVA_INT.withName("len"),
          ValueLayout.JAVA_INT.withName("error"),
          ValueLayout.JAVA_LONG.withName("unique"));
  static final long OUT_HEADER_LEN = at(OUT_HEADER, "len");
  static final long OUT_HEADER_ERROR = at(OUT_HEADER, "error");
  static final long OUT_HEADER_UNIQUE = at(OUT_HEADER, "unique");

  static final StructLayout ATTR =
      struct(
          "fuse_attr",
          ValueLayout.JAVA_LONG.withName("ino"),
          ValueLayout.JAVA_LONG.withName("size"),
          ValueLayout.JAVA_LONG.withName("blocks"),
          ValueLayout.JAVA_LONG.withName("atime"),
          ValueLayout.JAVA_LONG.withName("mtime"),
          ValueLayout.JAVA_LONG.withName("ctime"),
          ValueLayout.JAVA_INT.withName("atimensec"),
          ValueLayout.JAVA_INT.withName("mtimensec"),
          ValueLayout.JAVA_INT.withName("ctimensec"),
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("nlink"),
          ValueLayout.JAVA_INT.withName("uid"),
          ValueLayout.JAVA_INT.withName("gid"),
          ValueLayout.JAVA_INT.withName("rdev"),
          ValueLayout.JAVA_INT.withName("blksize"),
          ValueLayout.JAVA_INT.withName("flags"));
  static final long ATTR_INO = at(ATTR, "ino");
  static final long ATTR_SIZE = at(ATTR, "size");
  static final long ATTR_BLOCKS = at(ATTR, "blocks");
  static final long ATTR_ATIME = at(ATTR, "atime");
  static final long ATTR_MTIME = at(ATTR, "mtime");
  static final long ATTR_CTIME = at(ATTR, "ctime");
  static final long ATTR_MODE = at(ATTR, "mode");
  static final long ATTR_NLINK = at(ATTR, "nlink");
  static final long ATTR_UID = at(ATTR, "uid");
  static final long ATTR_GID = at(ATTR, "gid");
  static final long ATTR_RDEV = at(ATTR, "rdev");
  static final long ATTR_BLKSIZE = at(ATTR, "blksize");

  static final StructLayout ENTRY_OUT =
      struct(
          "fuse_entry_out",
          ValueLayout.JAVA_LONG.withName("nodeid"),
          ValueLayout.JAVA_LONG.withName("generation"),
          ValueLayout.JAVA_LONG.withName("entry_valid"),
          ValueLayout.JAVA_LONG.withName("attr_valid"),
          ValueLayout.JAVA_INT.withName("entry_valid_nsec"),
          ValueLayout.JAVA_INT.withName("attr_valid_nsec"),
          ATTR.withName("attr"));
  static final long ENTRY_OUT_NODEID = at(ENTRY_OUT, "nodeid");
  static final long ENTRY_OUT_GENERATION = at(ENTRY_OUT, "generation");
  static final long ENTRY_OUT_ENTRY_VALID = at(ENTRY_OUT, "entry_valid");
  static final long ENTRY_OUT_ATTR_VALID = at(ENTRY_OUT, "attr_valid");
  static final long ENTRY_OUT_ATTR = at(ENTRY_OUT, "attr");

  static final StructLayout ATTR_OUT =
      struct(
          "fuse_attr_out",
          ValueLayout.JAVA_LONG.withName("attr_valid"),
          ValueLayout.JAVA_INT.withName("attr_valid_nsec"),
          ValueLayout.JAVA_INT.withName("dummy"),
          ATTR.withName("attr"));
  static final long ATTR_OUT_ATTR_VALID = at(ATTR_OUT, "attr_valid");
  static final long ATTR_OUT_ATTR = at(ATTR_OUT, "attr");

  static final StructLayout INIT_IN =
      struct(
          "fuse_init_in",
          ValueLayout.JAVA_INT.withName("major"),
          ValueLayout.JAVA_INT.withName("minor"),
          ValueLayout.JAVA_INT.withName("max_readahead"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("flags2"),
          words("unused", 11));
  static final long INIT_IN_MAJOR = at(INIT_IN, "major");
  static final long INIT_IN_MINOR = at(INIT_IN, "minor");
  static final long INIT_IN_MAX_READAHEAD = at(INIT_IN, "max_readahead");
  static final long INIT_IN_FLAGS = at(INIT_IN, "flags");
  static final long INIT_IN_FLAGS2 = at(INIT_IN, "flags2");

  static final StructLayout INIT_OUT =
      struct(
          "fuse_init_out",
          ValueLayout.JAVA_INT.withName("major"),
          ValueLayout.JAVA_INT.withName("minor"),
          ValueLayout.JAVA_INT.withName("max_readahead"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_SHORT.withName("max_background"),
          ValueLayout.JAVA_SHORT.withName("congestion_threshold"),
          ValueLayout.JAVA_INT.withName("max_write"),
          ValueLayout.JAVA_INT.withName("time_gran"),
          ValueLayout.JAVA_SHORT.withName("max_pages"),
          ValueLayout.JAVA_SHORT.withName("map_alignment"),
          ValueLayout.JAVA_INT.withName("flags2"),
          words("unused", 7));
  static final long INIT_OUT_MAJOR = at(INIT_OUT, "major");
  static final long INIT_OUT_MINOR = at(INIT_OUT, "minor");
  static final long INIT_OUT_MAX_READAHEAD = at(INIT_OUT, "max_readahead");
  static final long INIT_OUT_FLAGS = at(INIT_OUT, "flags");
  static final long INIT_OUT_MAX_BACKGROUND = at(INIT_OUT, "max_background");
  static final long INIT_OUT_CONGESTION_THRESHOLD = at(INIT_OUT, "congestion_threshold");
  static final long INIT_OUT_MAX_WRITE = at(INIT_OUT, "max_write");
  static final long INIT_OUT_TIME_GRAN = at(INIT_OUT, "time_gran");
  static final long INIT_OUT_MAX_PAGES = at(INIT_OUT, "max_pages");
  static final long INIT_OUT_FLAGS2 = at(INIT_OUT, "flags2");

  static final StructLayout FORGET_IN =
      struct("fuse_forget_in", ValueLayout.JAVA_LONG.withName("nlookup"));
  static final long FORGET_IN_NLOOKUP = at(FORGET_IN, "nlookup");

  static final StructLayout BATCH_FORGET_IN =
      struct(
          "fuse_batch_forget_in",
          ValueLayout.JAVA_INT.withName("count"),
          ValueLayout.JAVA_INT.withName("dummy"));
  static final long BATCH_FORGET_IN_COUNT = at(BATCH_FORGET_IN, "count");

  static final StructLayout FORGET_ONE =
      struct(
          "fuse_forget_one",
          ValueLayout.JAVA_LONG.withName("nodeid"),
          ValueLayout.JAVA_LONG.withName("nlookup"));
  static final long FORGET_ONE_NODEID = at(FORGET_ONE, "nodeid");
  static final long FORGET_ONE_NLOOKUP = at(FORGET_ONE, "nlookup");

  static final StructLayout SETATTR_IN =
      struct(
          "fuse_setattr_in",
          ValueLayout.JAVA_INT.withName("valid"),
          ValueLayout.JAVA_INT.withName("padding"),
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_LONG.withName("size"),
          ValueLayout.JAVA_LONG.withName("lock_owner"),
          ValueLayout.JAVA_LONG.withName("atime"),
          ValueLayout.JAVA_LONG.withName("mtime"),
          ValueLayout.JAVA_LONG.withName("ctime"),
          ValueLayout.JAVA_INT.withName("atimensec"),
          ValueLayout.JAVA_INT.withName("mtimensec"),
          ValueLayout.JAVA_INT.withName("ctimensec"),
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("unused4"),
          ValueLayout.JAVA_INT.withName("uid"),
          ValueLayout.JAVA_INT.withName("gid"),
          ValueLayout.JAVA_INT.withName("unused5"));
  static final long SETATTR_IN_VALID = at(SETATTR_IN, "valid");
  static final long SETATTR_IN_SIZE = at(SETATTR_IN, "size");
  static final long SETATTR_IN_ATIME = at(SETATTR_IN, "atime");
  static final long SETATTR_IN_MTIME = at(SETATTR_IN, "mtime");
  static final long SETATTR_IN_MODE = at(SETATTR_IN, "mode");
  static final long SETATTR_IN_UID = at(SETATTR_IN, "uid");
  static final long SETATTR_IN_GID = at(SETATTR_IN, "gid");

  static final StructLayout MKNOD_IN =
      struct(
          "fuse_mknod_in",
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("rdev"),
          ValueLayout.JAVA_INT.withName("umask"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long MKNOD_IN_MODE = at(MKNOD_IN, "mode");
  static final long MKNOD_IN_UMASK = at(MKNOD_IN, "umask");
  static final long MKNOD_IN_RDEV = at(MKNOD_IN, "rdev");

  static final StructLayout MKDIR_IN =
      struct(
          "fuse_mkdir_in",
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("umask"));
  static final long MKDIR_IN_MODE = at(MKDIR_IN, "mode");
  static final long MKDIR_IN_UMASK = at(MKDIR_IN, "umask");

  static final StructLayout RENAME_IN =
      struct("fuse_rename_in", ValueLayout.JAVA_LONG.withName("newdir"));
  static final long RENAME_IN_NEWDIR = at(RENAME_IN, "newdir");

  static final StructLayout RENAME2_IN =
      struct(
          "fuse_rename2_in",
          ValueLayout.JAVA_LONG.withName("newdir"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long RENAME2_IN_NEWDIR = at(RENAME2_IN, "newdir");
  static final long RENAME2_IN_FLAGS = at(RENAME2_IN, "flags");

  static final StructLayout LINK_IN =
      struct("fuse_link_in", ValueLayout.JAVA_LONG.withName("oldnodeid"));
  static final long LINK_IN_OLDNODEID = at(LINK_IN, "oldnodeid");

  static final StructLayout CREATE_IN =
      struct(
          "fuse_create_in",
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("umask"),
          ValueLayout.JAVA_INT.withName("open_flags"));
  static final long CREATE_IN_FLAGS = at(CREATE_IN, "flags");
  static final long CREATE_IN_MODE = at(CREATE_IN, "mode");
  static final long CREATE_IN_UMASK = at(CREATE_IN, "umask");

  static final StructLayout STATFS_OUT =
      struct(
          "fuse_kstatfs",
          ValueLayout.JAVA_LONG.withName("blocks"),
          ValueLayout.JAVA_LONG.withName("bfree"),
          ValueLayout.JAVA_LONG.withName("bavail"),
          ValueLayout.JAVA_LONG.withName("files"),
          ValueLayout.JAVA_LONG.withName("ffree"),
          ValueLayout.JAVA_INT.withName("bsize"),
          ValueLayout.JAVA_INT.withName("namelen"),
          ValueLayout.JAVA_INT.withName("frsize"),
          ValueLayout.JAVA_INT.withName("padding"),
          words("spare", 6));
  static final long STATFS_OUT_BLOCKS = at(STATFS_OUT, "blocks");
  static final long STATFS_OUT_BFREE = at(STATFS_OUT, "bfree");
  static final long STATFS_OUT_BAVAIL = at(STATFS_OUT, "bavail");
  static final long STATFS_OUT_FILES = at(STATFS_OUT, "files");
  static final long STATFS_OUT_FFREE = at(STATFS_OUT, "ffree");
  static final long STATFS_OUT_BSIZE = at(STATFS_OUT, "bsize");
  static final long STATFS_OUT_NAMELEN = at(STATFS_OUT, "namelen");
  static final long STATFS_OUT_FRSIZE = at(STATFS_OUT, "frsize");

  static final StructLayout DIRENT =
      struct(
          "fuse_dirent",
          ValueLayout.JAVA_LONG.withName("ino"),
          ValueLayout.JAVA_LONG.withName("off"),
          ValueLayout.JAVA_INT.withName("namelen"),
          ValueLayout.JAVA_INT.withName("type"));
  static final long DIRENT_INO = at(DIRENT, "ino");
  static final long DIRENT_OFF = at(DIRENT, "off");
  static final long DIRENT_NAMELEN = at(DIRENT, "namelen");
  static final long DIRENT_TYPE = at(DIRENT, "type");

  /** All structures of this class. */
  static final List<StructLayout> ALL =
      List.of(
          IN_HEADER,
          OUT_HEADER,
          ATTR,
          ENTRY_OUT,
          ATTR_OUT,
          INIT_IN,
          INIT_OUT,
          FORGET_IN,
          BATCH_FORGET_IN,
          FORGET_ONE,
          SETATTR_IN,
          MKNOD_IN,
          MKDIR_IN,
          RENAME_IN,
          RENAME2_IN,
          LINK_IN,
          CREATE_IN,
          STATFS_OUT,
          DIRENT);

  private FuseStructs() {}

  private static StructLayout struct(String name, MemoryLayout... elements) {
    return MemoryLayout.structLayout(elements).withName(name);
  }

  private static MemoryLayout words(String name, long count) {
    return MemoryLayout.sequenceLayout(count, ValueLayout.JAVA_INT).withName(name);
  }

  private static long at(StructLayout layout, String field) {
    return layout.byteOffset(PathElement.groupElement(field));
  }
}
