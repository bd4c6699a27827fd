// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import java.util.List;

/**
 * A scenario: two or three operations on one file, each by a task of its own.
 *
 * @param name a name of {@link ScenarioCatalog#named()}, or {@code OPERATION+OPERATION}
 * @param operations the names of the tasks' operations
 * @param huge true if the file is 2 MiB that one PMD entry can map
 * @param durability true if the promises of fsync and the other durability calls are checked
 */
public record NamedScenario(
    String name, List<String> operations, boolean huge, boolean durability) {
  /** Copies the list. */
  public NamedScenario {
    operations = List.copyOf(operations);
  }

  /** Returns the operations in one word, as in {@code write-hole+truncate-down}. */
  public String operationLabels() {
    return String.join("+", operations);
  }

  /** Returns the operation of the first task. */
  public String left() {
    return operations.getFirst();
  }

  /** Returns the operation of the second task. */
  public String right() {
    return operations.get(1);
  }
}
