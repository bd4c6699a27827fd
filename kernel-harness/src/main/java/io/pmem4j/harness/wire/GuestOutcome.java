// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

/** The outcome of an exchange with a guest; each way of failing has its own constant. */
public enum GuestOutcome {
  /** Nothing went wrong. */
  OK,
  /** The agent did not report within the boot time-out, or QEMU ended before it could. */
  BOOT_FAILED,
  /** The kernel panicked, during boot or later. */
  PANIC,
  /** The kernel died of a fault or a BUG of its own. */
  OOPS,
  /** The kernel ran out of memory and killed a task for it. */
  OOM,
  /** The kernel printed a report (BUG, WARNING, lockdep, hung task ...) and went on. */
  SPLAT,
  /** Lockdep has switched itself off: from here on the kernel checks no locking. */
  LOCKDEP_OFF,
  /** The executor, which runs the program, ended without a request. */
  EXECUTOR_DIED,
  /** The agent itself ended; as it is pid 1 the kernel panics or powers off. */
  AGENT_DIED,
  /** No answer came in time, though the kernel reacts and no task is stuck in it. */
  TIMEOUT,
  /** No answer came in time: the kernel does not react, or a task is stuck in it. */
  HANG,
  /** The agent's channel ended although QEMU lives. */
  CHANNEL_CUT,
  /** Bytes on the channel that are not the expected frame, seen by either end. */
  BAD_FRAME,
  /** QEMU ended without a panic and without a request. */
  QEMU_DIED,
  /** The host's file system has no room for the guest's stores to its NVDIMM. */
  DISK_FULL,
  /** An NVDIMM's file has another size than the guest was to have, or has while it runs. */
  WRONG_IMAGE_SIZE,
  /** The harness or its host is at fault: a missing tool, an interrupted thread. */
  HARNESS_FAULT
}
