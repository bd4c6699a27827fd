// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.lab.LabOrders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * LOCKING.md says what {@link LockOrder#MERGED} says. With {@code -Dlocking.update=true} it is
 * written anew.
 */
class LockingDocumentTest {
  private static final Path DOCUMENT = Path.of("LOCKING.md");

  @Test
  void theDocumentIsCurrent() throws IOException {
    String text = document(LockOrder.MERGED);
    if (Boolean.getBoolean("locking.update")) {
      Files.writeString(DOCUMENT, text);
    }
    assertThat(DOCUMENT).content().isEqualTo(text);
  }

  /** An order that differs in one pair makes another document. */
  @Test
  void anotherOrderIsAnotherDocument() {
    assertThat(document(LabOrders.NO_DAX_SEM)).isNotEqualTo(document(LockOrder.MERGED));
  }

  private static String document(LockOrder order) {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        # Locks of ext2-dax

        Generated from `LockOrder.%s`; a test compares. `-Dlocking.update=true` on that test writes it anew.

        Every acquisition is checked before it can block: no second lock of a class unless the class nests, no circle
        of classes, nothing that the order below does not allow. Two classes that it does not compare are never held
        together. Shared holds count like exclusive ones, because new readers queue behind a waiting writer.

        ## Classes

        | class | lockdep's name | protects | two of them |
        |---|---|---|---|
        """
            .formatted(order.name()));
    for (LockClass each : LockClass.values()) {
      text.append(
          "| %s | %s | %s | %s |%n"
              .formatted(
                  each,
                  each.visible() ? "`" + each.twin() + "`" : each.twin() + " (lockdep has none)",
                  each.protects(),
                  each.nesting() == LockClass.Nesting.NEVER ? "never" : "ancestor first"));
    }
    text.append(
        """

        ## Order

        Each line: while the first is held, the others may be taken, and whatever they allow.

        | held | next |
        |---|---|
        """);
    for (LockClass each : LockClass.values()) {
      List<LockClass> next = next(order, each);
      if (!next.isEmpty()) {
        text.append("| %s | %s |%n".formatted(each, names(next, ", ")));
      }
    }
    text.append("\n## What a page fault takes\n\n");
    text.append(
        "Outermost first, inside %s; %s only for a store to a shared mapping.%n%n"
            .formatted(LockClass.MMAP_LOCK, LockClass.SB_PAGEFAULT));
    text.append("| order | around the body | |\n|---|---|---|\n");
    for (LockOrder each : LabOrders.values()) {
      String contradictions =
          each.contradictions().stream()
              .map(circle -> "contradicts itself: " + names(circle, " > "))
              .collect(Collectors.joining("; "));
      text.append(
          "| %s%s | %s | %s |%n"
              .formatted(
                  each.name(),
                  each == order ? " (this one)" : "",
                  names(LabOrders.faultLocks(each), " > "),
                  contradictions));
    }
    return text.toString();
  }

  /** Returns the classes that may be taken directly under a class, not through a third one. */
  private static List<LockClass> next(LockOrder order, LockClass outer) {
    return Arrays.stream(LockClass.values())
        .filter(inner -> inner != outer && order.allows(outer, inner))
        .filter(inner ->
            Arrays.stream(LockClass.values())
                .noneMatch(between ->
                    between != outer
                        && between != inner
                        && order.allows(outer, between)
                        && order.allows(between, inner)))
        .toList();
  }

  private static String names(List<LockClass> classes, String separator) {
    return classes.stream().map(Object::toString).collect(Collectors.joining(separator));
  }
}
