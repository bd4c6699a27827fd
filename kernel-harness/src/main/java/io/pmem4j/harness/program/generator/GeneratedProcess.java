// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The names that a process of a generated program can use. */
final class GeneratedProcess {
  private static final int APPEND = 02000;
  private static final int DIRECT = 040000;

  /** The child's name, or empty for the program itself. */
  private final String name;

  private final List<OpenName> open = new ArrayList<>();
  private final List<MappedName> mapped = new ArrayList<>();

  /**
   * An open file, or one that could not be opened.
   *
   * @param inode that it likely is; null if it was likely not opened
   * @param flags with which it was opened
   */
  record OpenName(String name, @Nullable LikelyInode inode, int flags) {
    boolean appends() {
      return (flags & APPEND) != 0;
    }

    boolean isDirect() {
      return (flags & DIRECT) != 0;
    }
  }

  /**
   * A mapping, or one that could not be made.
   *
   * @param inode that it likely shows; null if that is not known
   * @param start its offset in the file
   * @param bytes that it has at least, whole pages
   */
  record MappedName(String name, @Nullable LikelyInode inode, long start, long bytes) {
    int pages() {
      return (int) (bytes / GeneratedValues.PAGE);
    }
  }

  GeneratedProcess(String name) {
    this.name = name;
  }

  /** Returns a child, which has the same files and mappings. */
  GeneratedProcess fork(String child) {
    GeneratedProcess forked = new GeneratedProcess(child);
    forked.open.addAll(open);
    forked.mapped.addAll(mapped);
    return forked;
  }

  String name() {
    return name;
  }

  List<OpenName> open() {
    return open;
  }

  List<MappedName> mapped() {
    return mapped;
  }

  /** Returns an operation as this process does it. */
  Operation does(Operation operation) {
    return name.isEmpty() ? operation : new Operation.In(name, operation);
  }
}
