// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

/**
 * The operations of the agent that are no calls of a program, as {@code wire.h} numbers them; the
 * calls carry their own numbers.
 */
public enum WireOp implements WireCode {
  /** Protocol version, and {@code key=value} lines about the guest. */
  HELLO(1, 0),
  /** Wanted pid (0 any), trace (0 or 1): forks the executor and answers its pid. */
  BEGIN(2, 2),
  /** Ends the executor; its files and mappings are gone when the answer arrives. */
  END(3, 0),
  /** Flags; source, target, type, options. */
  MOUNT(4, 1),
  /** Unmounts: flags; target. */
  UMOUNT(5, 1),
  /** Answers, then switches the machine off without sync. */
  POWEROFF(6, 0),
  /** Time-out in milliseconds; argv: the exit status, and the output as data. */
  EXEC(7, 1),
  /** Most bytes; path: bytes read, and the content as data. */
  READ_FILE(8, 1),
  /** Path NUL content. */
  WRITE_FILE(9, 0),
  /** Flushes the buffers of a device. */
  FLUSH_BUFFERS(10, 0),
  /** Nothing but an answer. */
  PING(11, 0),
  /**
   * Encoded requests: how many were run, and their encoded responses as data; see {@link Batch}.
   */
  BATCH(13, 0),
  /** Reads the kernel log: records, and the lines logged since the last time as data. */
  KERNEL_LOG(14, 0),
  /** Flags; path, options. */
  REMOUNT(91, 1),
  /** Closes and unmaps all there is, as END does, and the executor stays. */
  RELEASE(92, 0),
  /** Task, wanted pid (0 any): forks a task from the executor and answers its pid. */
  TASK_START(40, 2),
  /**
   * Starts an operation of a task: task; an encoded request. Answered when the task has received
   * it.
   */
  TASK_OP(41, 1),
  /** Task, time-out in milliseconds: 0 and the encoded response as data, 1 while it runs. */
  TASK_WAIT(42, 2),
  /** Task: its pid, {@code key=value} lines about where it is. */
  TASK_STATE(43, 1),
  /** Task: killed if it runs; gone when the answer arrives. */
  TASK_END(44, 1),
  /** {@code arm POINT TASK HIT}, {@code go POINT TASK} or {@code clear}. */
  RENDEZVOUS(45, 0),
  /** Task, time-out in milliseconds; point: 0 it waits there, 1 timed out, 2 it ended before. */
  RENDEZVOUS_WAIT(46, 2);

  private final int code;
  private final int argumentCount;

  WireOp(int code, int argumentCount) {
    this.code = code;
    this.argumentCount = argumentCount;
  }

  @Override
  public int code() {
    return code;
  }

  @Override
  public int argumentCount() {
    return argumentCount;
  }
}
