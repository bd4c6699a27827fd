// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.wire.GuestOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scanner tells kernel reports from ordinary messages. */
class SplatScannerTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[    3.141592] kernel BUG at fs/ext2/inode.c:762!",
        "[    3.141592] WARNING: CPU: 1 PID: 104 at fs/dax.c:845 dax_insert_entry+0x1f0/0x2a0",
        "[    3.141592][  T104] WARNING: CPU: 1 PID: 104 at fs/dax.c:845 dax_insert_entry+0x1f0/0x2a0",
        "WARNING: possible circular locking dependency detected",
        "[    9.000001] WARNING: possible recursive locking detected",
        "[    9.000001] WARNING: possible irq lock inversion dependency detected",
        "[    9.000001] WARNING: inconsistent lock state",
        "[    9.000001] WARNING: suspicious RCU usage",
        "[    9.000001] WARNING: bad unlock balance detected!",
        "[    9.000001] WARNING: lock held when returning to user space!",
        "[   12.5     ] possible recursive locking detected",
        "[   77.123456] BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "[   77.123456] BUG: sleeping function called from invalid context at mm/slab.h:494",
        "[   77.123456] BUG: KASAN: use-after-free in ext2_get_blocks+0x10/0x20",
        "[   77.123456] BUG kmalloc-64 (Not tainted): Redzone overwritten",
        "[   77.123456] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!",
        "[   77.123456] general protection fault, probably for non-canonical address 0xdead",
        "[   77.123456] UBSAN: shift-out-of-bounds in fs/ext2/super.c:1001:21",
        "[  242.000000] INFO: task executor:104 blocked for more than 120 seconds.",
        "[   60.000000] rcu: INFO: rcu_sched self-detected stall on CPU",
        "[    1.000000] DEBUG_LOCKS_WARN_ON(1)",
      })
  void aReportIsASplat(String line) {
    assertThat(SplatScanner.grade(line)).isEqualTo(GuestOutcome.SPLAT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[    2.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "[    2.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009",
        "Kernel panic - not syncing: sysrq triggered crash",
      })
  void aPanicIsAPanic(String line) {
    assertThat(SplatScanner.grade(line)).isEqualTo(GuestOutcome.PANIC);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[   77.123456] Oops: 0002 [#1] PREEMPT SMP",
        "[   77.123456][   T42] invalid opcode: 0000 [#1] SMP NOPTI",
        "general protection fault, probably for non-canonical address 0xdead: 0000 [#2] SMP",
      })
  void anOopsIsAnOops(String line) {
    assertThat(SplatScanner.grade(line)).isEqualTo(GuestOutcome.OOPS);
  }

  @Test
  void aTaskKilledForMemoryIsOutOfMemory() {
    assertThat(
            SplatScanner.grade(
                "[   12.000001] Out of memory: Killed process 77 (tail) total-vm:390000kB"))
        .isEqualTo(GuestOutcome.OOM);
    assertThat(SplatScanner.grade("Kernel panic - not syncing: Out of memory: compulsory panic"))
        .isEqualTo(GuestOutcome.PANIC);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INFO: lockdep is turned off.",
        "[    5.000000] INFO: lockdep is turned off.",
        "turning off the locking correctness validator.",
        "Disabling lock debugging due to kernel taint"
      })
  void lockdepSwitchedOffIsNoOrdinarySplat(String line) {
    assertThat(SplatScanner.grade(line)).isEqualTo(GuestOutcome.LOCKDEP_OFF);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[    2.718281] EXT2-fs (pmem0): DAX enabled. Warning: EXPERIMENTAL, use at your own risk",
        "[    2.718281] ext2 filesystem being mounted at /mnt supports timestamps until 2038 (0x7fffffff)",
        "[    0.000000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
        "[    0.000000] ... MAX_LOCKDEP_SUBCLASSES:  8",
        "[    0.100000] Spectre V2 : WARNING-free",
        "[    0.200000] ** This means that this kernel is built for debugging **",
        "[    0.300000] DEBUG: nothing",
        "[    0.400000] random: crng init done",
        "[    0.500000] nd_pmem namespace0.0: unable to guarantee persistence of writes",
        "[    0.600000] EXT2-fs (pmem0): warning: mounting unchecked fs, running e2fsck is recommended",
        "[    0.700000] sysrq: Trigger a crash",
        "executor: a program that says BUG: and WARNING: in the middle of its line",
      })
  void chatterIsNone(String line) {
    assertThat(SplatScanner.grade(line)).isNull();
  }
}
