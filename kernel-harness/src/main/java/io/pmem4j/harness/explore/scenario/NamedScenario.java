// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A scenario: two or three operations on one file, each by a task of its own.
 *
 * @param name a name of {@link ScenarioCatalog#named()}, or {@code OPERATION+OPERATION}
 * @param left the operation of the first task
 * @param right the operation of the second task
 * @param third the operation of the third task; null if there are two
 * @param huge true if the file is 2 MiB that one PMD entry can map
 * @param durability true if the promises of fsync and the other durability calls are checked
 */
public record NamedScenario(
    String name,
    ScenarioOperation left,
    ScenarioOperation right,
    @Nullable ScenarioOperation third,
    boolean huge,
    boolean durability) {
  NamedScenario(String name, ScenarioOperation left, ScenarioOperation right, boolean huge) {
    this(name, left, right, null, huge, false);
  }

  /** Returns the labels of the operations, as in {@code write-hole+truncate-down}. */
  public String operationLabels() {
    return operations().stream().map(ScenarioOperation::label).collect(Collectors.joining("+"));
  }

  public List<ScenarioOperation> operations() {
    ScenarioOperation more = third;
    return more == null ? List.of(left, right) : List.of(left, right, more);
  }

  FileLayout layout() {
    return huge ? FileLayout.HUGE : FileLayout.SMALL;
  }
}
