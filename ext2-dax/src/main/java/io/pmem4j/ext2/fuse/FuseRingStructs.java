// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The structures of FUSE over io_uring with the kernel's field names: {@code linux/fuse.h} since
 * version 7.42, and {@code linux/io_uring.h}.
 */
final class FuseRingStructs {
  /** {@code struct io_uring_sqe} as a command of 80 bytes uses it ({@code IORING_SETUP_SQE128}). */
  static final StructLayout SQE =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_BYTE.withName("opcode"),
              ValueLayout.JAVA_BYTE.withName("flags"),
              ValueLayout.JAVA_SHORT.withName("ioprio"),
              ValueLayout.JAVA_INT.withName("fd"),
              ValueLayout.JAVA_LONG.withName("off"),
              ValueLayout.JAVA_LONG.withName("addr"),
              ValueLayout.JAVA_INT.withName("len"),
              ValueLayout.JAVA_INT.withName("uring_cmd_flags"),
              ValueLayout.JAVA_LONG.withName("user_data"),
              ValueLayout.JAVA_SHORT.withName("buf_index"),
              ValueLayout.JAVA_SHORT.withName("personality"),
              ValueLayout.JAVA_INT.withName("splice_fd_in"),
              ValueLayout.JAVA_LONG.withName("addr3"),
              ValueLayout.JAVA_LONG.withName("__pad2"))
          .withName("io_uring_sqe");

  static final long SQE_OPCODE = at(SQE, "opcode");
  static final long SQE_FD = at(SQE, "fd");

  /** {@code cmd_op} lies where other operations have an offset. */
  static final long SQE_CMD_OP = at(SQE, "off");

  static final long SQE_OFF = at(SQE, "off");
  static final long SQE_ADDR = at(SQE, "addr");
  static final long SQE_LEN = at(SQE, "len");
  static final long SQE_USER_DATA = at(SQE, "user_data");

  /** {@code cmd} begins where other operations have a third address. */
  static final long SQE_CMD = at(SQE, "addr3");

  /** The bytes of an entry with a command. */
  static final long SQE128_BYTES = 2 * SQE.byteSize();

  static final StructLayout CQE =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("user_data"),
              ValueLayout.JAVA_INT.withName("res"),
              ValueLayout.JAVA_INT.withName("flags"))
          .withName("io_uring_cqe");

  static final long CQE_USER_DATA = at(CQE, "user_data");
  static final long CQE_RES = at(CQE, "res");

  static final StructLayout SQ_OFFSETS =
      words(
          "io_sqring_offsets",
          "head",
          "tail",
          "ring_mask",
          "ring_entries",
          "flags",
          "dropped",
          "array",
          "resv1",
          "resv2");

  static final StructLayout CQ_OFFSETS =
      words(
          "io_cqring_offsets",
          "head",
          "tail",
          "ring_mask",
          "ring_entries",
          "overflow",
          "cqes",
          "flags",
          "resv1",
          "resv2");

  static final StructLayout PARAMS =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_INT.withName("sq_entries"),
              ValueLayout.JAVA_INT.withName("cq_entries"),
              ValueLayout.JAVA_INT.withName("flags"),
              ValueLayout.JAVA_INT.withName("sq_thread_cpu"),
              ValueLayout.JAVA_INT.withName("sq_thread_idle"),
              ValueLayout.JAVA_INT.withName("features"),
              ValueLayout.JAVA_INT.withName("wq_fd"),
              MemoryLayout.sequenceLayout(3, ValueLayout.JAVA_INT).withName("resv"),
              SQ_OFFSETS.withName("sq_off"),
              CQ_OFFSETS.withName("cq_off"))
          .withName("io_uring_params");

  static final long PARAMS_SQ_ENTRIES = at(PARAMS, "sq_entries");
  static final long PARAMS_CQ_ENTRIES = at(PARAMS, "cq_entries");
  static final long PARAMS_FLAGS = at(PARAMS, "flags");
  static final long PARAMS_SQ_TAIL = at(PARAMS, "sq_off") + at(SQ_OFFSETS, "tail");
  static final long PARAMS_SQ_ARRAY = at(PARAMS, "sq_off") + at(SQ_OFFSETS, "array");
  static final long PARAMS_CQ_HEAD = at(PARAMS, "cq_off") + at(CQ_OFFSETS, "head");
  static final long PARAMS_CQ_TAIL = at(PARAMS, "cq_off") + at(CQ_OFFSETS, "tail");
  static final long PARAMS_CQES = at(PARAMS, "cq_off") + at(CQ_OFFSETS, "cqes");

  /** The part of an entry that is FUSE's. */
  static final StructLayout CMD_REQ =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("flags"),
              ValueLayout.JAVA_LONG.withName("commit_id"),
              ValueLayout.JAVA_SHORT.withName("qid"),
              MemoryLayout.sequenceLayout(6, ValueLayout.JAVA_BYTE).withName("padding"))
          .withName("fuse_uring_cmd_req");

  static final long CMD_REQ_COMMIT_ID = at(CMD_REQ, "commit_id");
  static final long CMD_REQ_QID = at(CMD_REQ, "qid");

  static final StructLayout ENT_IN_OUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("flags"),
              ValueLayout.JAVA_LONG.withName("commit_id"),
              ValueLayout.JAVA_INT.withName("payload_sz"),
              ValueLayout.JAVA_INT.withName("padding"),
              ValueLayout.JAVA_LONG.withName("reserved"))
          .withName("fuse_uring_ent_in_out");

  static final StructLayout REQ_HEADER =
      MemoryLayout.structLayout(
              MemoryLayout.sequenceLayout(128, ValueLayout.JAVA_BYTE).withName("in_out"),
              MemoryLayout.sequenceLayout(128, ValueLayout.JAVA_BYTE).withName("op_in"),
              ENT_IN_OUT.withName("ring_ent_in_out"))
          .withName("fuse_uring_req_header");

  static final long REQ_HEADER_OP_IN = at(REQ_HEADER, "op_in");
  static final long REQ_HEADER_COMMIT_ID =
      at(REQ_HEADER, "ring_ent_in_out") + at(ENT_IN_OUT, "commit_id");
  static final long REQ_HEADER_PAYLOAD_SZ =
      at(REQ_HEADER, "ring_ent_in_out") + at(ENT_IN_OUT, "payload_sz");

  /** Those of io_uring, in every header since Linux 5.19. */
  static final List<StructLayout> OF_IO_URING = List.of(SQE, CQE, SQ_OFFSETS, CQ_OFFSETS, PARAMS);

  /** Those of FUSE, in headers since version 7.42. */
  static final List<StructLayout> OF_FUSE = List.of(CMD_REQ, ENT_IN_OUT, REQ_HEADER);

  private FuseRingStructs() {}

  /** Seven words of 32 bits, one more, and one of 64, which has had several names. */
  private static StructLayout words(String name, String... fields) {
    MemoryLayout[] members = new MemoryLayout[fields.length];
    for (int i = 0; i < members.length; i++) {
      ValueLayout word = i < members.length - 1 ? ValueLayout.JAVA_INT : ValueLayout.JAVA_LONG;
      members[i] = word.withName(fields[i]);
    }
    return MemoryLayout.structLayout(members).withName(name);
  }

  private static long at(StructLayout layout, String field) {
    return layout.byteOffset(PathElement.groupElement(field));
  }
}
