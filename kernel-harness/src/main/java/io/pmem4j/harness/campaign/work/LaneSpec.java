// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A lane's workload and place.
 *
 * @param worker the number of the process that runs it
 * @param kind the workload
 * @param path its file or folder, or the device
 * @param offset in bytes on a device, -1 for a file of its own
 * @param seed of its contents
 * @param deep true if each persist has to reach beyond the memory controller
 */
public record LaneSpec(int worker, LaneKind kind, Path path, long offset, long seed, boolean deep) {
  /** The length of a lane in memory. */
  public static final long BYTES = 1 << 20;

  /** Returns the words of which {@link #of} makes this again. */
  public List<String> words() {
    return List.of(
        String.valueOf(worker),
        kind.word(),
        path.toString(),
        String.valueOf(offset),
        String.valueOf(seed),
        String.valueOf(deep));
  }

  /** Returns the lane of these words. */
  public static LaneSpec of(List<String> words) {
    return new LaneSpec(
        Integer.parseInt(words.get(0)),
        LaneKind.valueOf(words.get(1).toUpperCase(Locale.ROOT)),
        Path.of(words.get(2)),
        Long.parseLong(words.get(3)),
        Long.parseLong(words.get(4)),
        Boolean.parseBoolean(words.get(5)));
  }

  /** Returns true if the lane is a part of a device. */
  public boolean onDevice() {
    return offset >= 0;
  }

  /** Returns the lane in a report. */
  public String describe() {
    return kind.word() + " of worker " + worker + " at " + path + (onDevice() ? "+" + offset : "");
  }
}
