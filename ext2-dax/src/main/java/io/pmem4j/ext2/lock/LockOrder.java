// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import static io.pmem4j.ext2.lock.LockClass.BLOCKGROUP_LOCK;
import static io.pmem4j.ext2.lock.LockClass.DAX_ENTRY;
import static io.pmem4j.ext2.lock.LockClass.DAX_SEM;
import static io.pmem4j.ext2.lock.LockClass.I_MMAP_RWSEM;
import static io.pmem4j.ext2.lock.LockClass.I_MUTEX_DIR;
import static io.pmem4j.ext2.lock.LockClass.I_RWSEM;
import static io.pmem4j.ext2.lock.LockClass.MMAP_LOCK;
import static io.pmem4j.ext2.lock.LockClass.PAGE_LOCK;
import static io.pmem4j.ext2.lock.LockClass.SB_INTERNAL;
import static io.pmem4j.ext2.lock.LockClass.SB_PAGEFAULT;
import static io.pmem4j.ext2.lock.LockClass.SB_WRITERS;
import static io.pmem4j.ext2.lock.LockClass.S_LOCK;
import static io.pmem4j.ext2.lock.LockClass.TRUNCATE_MUTEX;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * A partial order over lock classes: which class may be taken while which is held. Two classes that
 * the order does not compare may never be held together; that is how "mutually exclusive" is said.
 * Immutable.
 */
public final class LockOrder {
  /**
   * The order of the merged series and of Linux 5.10: freeze protection outside {@code dax_sem}.
   * Page and DAX entry locks are part of it although lockdep cannot see them.
   */
  public static final LockOrder MERGED =
      builder("MERGED")
          .chain(SB_WRITERS, I_MUTEX_DIR, I_RWSEM, MMAP_LOCK, SB_PAGEFAULT, DAX_SEM)
          .chain(SB_INTERNAL, DAX_SEM, DAX_ENTRY, I_MMAP_RWSEM, TRUNCATE_MUTEX)
          .chain(MMAP_LOCK, I_MMAP_RWSEM)
          .chain(I_RWSEM, PAGE_LOCK, TRUNCATE_MUTEX)
          .chain(TRUNCATE_MUTEX, BLOCKGROUP_LOCK)
          .chain(TRUNCATE_MUTEX, S_LOCK)
          .build();

  private final String name;
  private final Map<LockClass, Set<LockClass>> inner;

  private LockOrder(String name, Map<LockClass, Set<LockClass>> inner) {
    this.name = name;
    this.inner = inner;
  }

  /** Starts an order. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** The name, as the command line takes it. */
  public String name() {
    return name;
  }

  /** Whether {@code second} may be taken while {@code first} is held. */
  public boolean allows(LockClass first, LockClass second) {
    if (first == second) {
      return first.nesting() == LockClass.Nesting.ANCESTOR_FIRST;
    }
    Set<LockClass> below = inner.get(first);
    return below != null && below.contains(second);
  }

  /** The name and, for each class, what may be taken inside it. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name);
    inner.forEach((outer, below) ->
        text.append(System.lineSeparator()).append(outer).append(" > ").append(below));
    return text.toString();
  }

  /** Collects chains and closes them transitively. */
  public static final class Builder {
    private final String name;
    private final Map<LockClass, Set<LockClass>> inner = new EnumMap<>(LockClass.class);

    private Builder(String name) {
      this.name = name;
      for (LockClass each : LockClass.values()) {
        inner.put(each, EnumSet.noneOf(LockClass.class));
      }
    }

    /** Each class of the chain is outside the next. */
    public Builder chain(LockClass... outermostFirst) {
      for (int i = 0; i + 1 < outermostFirst.length; i++) {
        below(outermostFirst[i]).add(outermostFirst[i + 1]);
      }
      return this;
    }

    /**
     * Closes the order.
     *
     * @throws IllegalArgumentException if the chains contradict each other
     */
    public LockOrder build() {
      boolean grown = true;
      while (grown) {
        grown = false;
        for (Set<LockClass> below : inner.values()) {
          Set<LockClass> reached = EnumSet.copyOf(below);
          below.forEach(each -> reached.addAll(below(each)));
          grown |= below.addAll(reached);
        }
      }
      inner.forEach((outer, below) -> {
        if (below.contains(outer)) {
          throw new IllegalArgumentException(name + ": " + outer + " is inside itself");
        }
      });
      return new LockOrder(name, inner);
    }

    private Set<LockClass> below(LockClass outer) {
      return inner.computeIfAbsent(outer, _ -> EnumSet.noneOf(LockClass.class));
    }
  }
}
