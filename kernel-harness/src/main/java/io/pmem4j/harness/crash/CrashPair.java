// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

/**
 * Two tasks over one mounted file system, whose interleavings crash.
 *
 * @param name its name on the command line
 * @param prepare makes what the tasks start from; unmounted and durable before they begin
 * @param left the operations of one task, on a new mount
 * @param right those of the other one; each task promises only files that the other leaves alone
 */
public record CrashPair(
    String name, CrashWorkload.Step prepare, CrashWorkload.Step left, CrashWorkload.Step right) {
  @Override
  public String toString() {
    return name;
  }
}
