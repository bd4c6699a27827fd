// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import static io.pmem4j.ext2.lock.LockClass.BLOCKGROUP_LOCK;
import static io.pmem4j.ext2.lock.LockClass.BUFFER_LOCK;
import static io.pmem4j.ext2.lock.LockClass.DAX_ENTRY;
import static io.pmem4j.ext2.lock.LockClass.DAX_SEM;
import static io.pmem4j.ext2.lock.LockClass.I_MMAP_RWSEM;
import static io.pmem4j.ext2.lock.LockClass.I_MUTEX_DIR;
import static io.pmem4j.ext2.lock.LockClass.I_RWSEM;
import static io.pmem4j.ext2.lock.LockClass.MB_CACHE;
import static io.pmem4j.ext2.lock.LockClass.MMAP_LOCK;
import static io.pmem4j.ext2.lock.LockClass.PAGE_LOCK;
import static io.pmem4j.ext2.lock.LockClass.RSV_WINDOW_LOCK;
import static io.pmem4j.ext2.lock.LockClass.SB_INTERNAL;
import static io.pmem4j.ext2.lock.LockClass.SB_PAGEFAULT;
import static io.pmem4j.ext2.lock.LockClass.SB_WRITERS;
import static io.pmem4j.ext2.lock.LockClass.S_LOCK;
import static io.pmem4j.ext2.lock.LockClass.S_UMOUNT;
import static io.pmem4j.ext2.lock.LockClass.S_VFS_RENAME_MUTEX;
import static io.pmem4j.ext2.lock.LockClass.TRUNCATE_MUTEX;
import static io.pmem4j.ext2.lock.LockClass.XATTR_SEM;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A partial order of lock classes: which class may be taken while which is held. Two classes that
 * an order does not compare are never held together; that is how "mutually exclusive" is said. The
 * order drives no code: {@link LockValidator} compares with it what the code takes. Immutable.
 */
public final class LockOrder {
  /**
   * The order of Linux 5.10: freeze protection outside {@code dax_sem}. Page and DAX entry locks
   * are part of it although lockdep cannot see them.
   */
  public static final LockOrder MERGED =
      withoutFaults("MERGED")
          .chain(MMAP_LOCK, SB_PAGEFAULT, DAX_SEM, DAX_ENTRY, TRUNCATE_MUTEX)
          // files with a page cache: faults; truncation; unmapping and write protection of a page
          .chain(SB_PAGEFAULT, PAGE_LOCK, I_MMAP_RWSEM)
          .chain(DAX_SEM, PAGE_LOCK)
          .build();

  private final String name;
  private final Map<LockClass, Set<LockClass>> inner;
  private final List<List<LockClass>> contradictions;
  private final boolean checked;

  private LockOrder(
      String name,
      Map<LockClass, Set<LockClass>> inner,
      List<List<LockClass>> contradictions,
      boolean checked) {
    this.name = name;
    this.checked = checked;
    this.inner = inner;
    this.contradictions = contradictions;
  }

  /**
   * Starts an order with all paths but page faults: system calls take {@code sb_writers} and {@code
   * i_rwsem}, truncation takes {@code dax_sem} alone and then {@code truncate_mutex}, eviction does
   * so under {@code sb_internal}, and freezing stops system calls, then faults, then what is
   * internal to the file system.
   */
  public static Builder withoutFaults(String name) {
    return builder(name)
        // system calls, whose buffers may fault; a name goes while its file is held
        .chain(SB_WRITERS, S_VFS_RENAME_MUTEX, I_MUTEX_DIR, I_RWSEM, MMAP_LOCK)
        .chain(I_RWSEM, PAGE_LOCK, TRUNCATE_MUTEX)
        // freezing; eviction, also of a file that was made and got no name
        .chain(I_MUTEX_DIR, SB_INTERNAL)
        .chain(SB_WRITERS, S_UMOUNT, SB_PAGEFAULT, SB_INTERNAL, DAX_SEM)
        .chain(S_UMOUNT, S_LOCK)
        // truncation: mappings and entries, then blocks
        .chain(I_RWSEM, DAX_SEM, DAX_ENTRY, I_MMAP_RWSEM)
        .chain(DAX_SEM, TRUNCATE_MUTEX)
        .chain(MMAP_LOCK, I_MMAP_RWSEM)
        .chain(TRUNCATE_MUTEX, RSV_WINDOW_LOCK)
        .chain(TRUNCATE_MUTEX, BLOCKGROUP_LOCK)
        .chain(TRUNCATE_MUTEX, S_LOCK)
        // attributes of one inode, then one block at a time
        .chain(I_RWSEM, XATTR_SEM, BUFFER_LOCK, MB_CACHE)
        .chain(XATTR_SEM, RSV_WINDOW_LOCK)
        .chain(XATTR_SEM, S_LOCK)
        .chain(BUFFER_LOCK, BLOCKGROUP_LOCK)
        .chain(BUFFER_LOCK, S_LOCK)
        .chain(SB_INTERNAL, BUFFER_LOCK)
        .chain(DAX_ENTRY, BLOCKGROUP_LOCK)
        .chain(DAX_ENTRY, S_LOCK);
  }

  /** Starts an order that allows what this one allows. */
  public Builder toBuilder() {
    Builder order = builder(name);
    inner.forEach((outer, below) -> below.forEach(each -> order.chain(outer, each)));
    return order;
  }

  /**
   * This order with nothing forbidden: tasks lock as it says, {@link LockValidator} looks at none
   * of it, and locks that really wait for each other do so. A check ends a task where classes
   * contradict each other, before it can be seen whether instances ever do.
   */
  public LockOrder unchecked() {
    return new LockOrder(name, inner, contradictions, false);
  }

  /** Returns true if acquisitions are checked at all; see {@link #unchecked}. */
  public boolean checked() {
    return checked;
  }

  /** Starts an order. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** The name of the constant. */
  public String name() {
    return name;
  }

  /** The name as a command line takes it. */
  public String label() {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns true if {@code second} may be taken while {@code first} is held. */
  public boolean allows(LockClass first, LockClass second) {
    if (first == second) {
      return first.nesting() == LockClass.Nesting.ANCESTOR_FIRST;
    }
    Set<LockClass> below = inner.get(first);
    return below != null && below.contains(second);
  }

  /**
   * The circles of the order, each as the classes along it, the first one first again at the end.
   * An order with a circle lets a task do what can deadlock: it is one to be judged, not to be
   * used. Empty for {@link #MERGED}.
   */
  public List<List<LockClass>> contradictions() {
    return contradictions;
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

    /** Closes the order. Circles are kept, and told by {@link LockOrder#contradictions}. */
    public LockOrder build() {
      List<List<LockClass>> circles = circles();
      boolean grown = true;
      while (grown) {
        grown = false;
        for (Set<LockClass> below : inner.values()) {
          Set<LockClass> reached = EnumSet.copyOf(below);
          below.forEach(each -> reached.addAll(below(each)));
          grown |= below.addAll(reached);
        }
      }
      return new LockOrder(name, inner, circles, true);
    }

    /**
     * One shortest circle for each class that is the first, in the order of the classes, of one.
     */
    private List<List<LockClass>> circles() {
      List<List<LockClass>> circles = new ArrayList<>();
      Set<LockClass> told = EnumSet.noneOf(LockClass.class);
      for (LockClass each : LockClass.values()) {
        List<LockClass> path = LockGraphSearch.shortest(each, each, this::below);
        if (!path.isEmpty() && !told.containsAll(path)) {
          told.addAll(path);
          circles.add(path);
        }
      }
      return List.copyOf(circles);
    }

    private Set<LockClass> below(LockClass outer) {
      return inner.computeIfAbsent(outer, _ -> EnumSet.noneOf(LockClass.class));
    }

    @Override
    public String toString() {
      return name + " " + Arrays.toString(inner.values().toArray());
    }
  }
}
