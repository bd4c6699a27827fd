// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

/** The sizes and limits of {@code wire.h} that concern the sender of requests. */
public final class Wire {
  /** Slots for files, and as many for mappings: 0 to 63. */
  public static final int SLOTS = 64;

  /** Tasks beside the executor: 0 to 7. */
  public static final int TASKS = 8;

  /** A batch ends early when less than this many bytes are left in the frame for answers. */
  public static final int BATCH_RESERVE = 2_097_152;

  /** Output of EXEC beyond this many bytes is cut. */
  public static final int EXEC_MAX_OUTPUT = 1_048_576;

  /** The record that FSTAT answers, in bytes. */
  public static final int STAT_BYTES = 72;

  /** The byte offset of the generation in that record. */
  public static final int STAT_GENERATION_OFFSET = 64;

  /** UTIMENS, in place of a second: the clock's. */
  public static final long TIME_NOW = 4_294_967_294L;

  /** UTIMENS, in place of a second: left as it is. */
  public static final long TIME_OMIT = 4_294_967_295L;

  /** The bit of PAGEMAP's answer that marks an anonymous page, shared since fork(2) or not. */
  public static final int PAGEMAP_ANON_BIT = 58;

  /** The bit of PAGEMAP's answer that marks the shared page of zeros. */
  public static final int PAGEMAP_ZERO_BIT = 59;

  /** The size in bytes of a record of LIST before its name. */
  public static final int ENTRY_FIXED_BYTES = 16;

  /** One of the records that FIEMAP answers, in bytes. */
  public static final int EXTENT_BYTES = 32;

  private Wire() {}
}
