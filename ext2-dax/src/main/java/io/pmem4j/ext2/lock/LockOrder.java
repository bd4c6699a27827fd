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
import static io.pmem4j.ext2.lock.LockClass.S_UMOUNT;
import static io.pmem4j.ext2.lock.LockClass.TRUNCATE_MUTEX;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A way to lock: what a page fault takes around its body, outermost first, and with that which
 * class may be taken while which is held. Two classes that an order does not compare may never be
 * held together; that is how "mutually exclusive" is said. Immutable.
 *
 * <p>All other paths are the same under every order: system calls take {@code sb_writers} and
 * {@code i_rwsem}, truncation takes {@code dax_sem} alone and then {@code truncate_mutex}, eviction
 * does so under {@code sb_internal}, and freezing stops system calls, then faults, then what is
 * internal to the file system.
 */
public final class LockOrder {
  /**
   * The merged series and Linux 5.10: freeze protection outside {@code dax_sem}. Page and DAX entry
   * locks are part of it although lockdep cannot see them.
   */
  public static final LockOrder MERGED = ofFault("MERGED", SB_PAGEFAULT, DAX_SEM);

  /**
   * The cover letter of 2015: {@code dax_sem} outside freeze protection. It contradicts the way in
   * which a file system is frozen, see {@link #contradictions}.
   */
  public static final LockOrder POSTED = ofFault("POSTED", DAX_SEM, SB_PAGEFAULT);

  /** The attempt that the letter rejects, as 5.10 would have it. It protects nothing. */
  public static final LockOrder TRUNCATE_MUTEX_FIRST =
      ofFault("TRUNCATE_MUTEX_FIRST", SB_PAGEFAULT, TRUNCATE_MUTEX);

  /**
   * The same attempt with the page lock that a fault on a hole took in 2015: the inversion that the
   * letter names. From the history; no kernel of ours runs it.
   */
  public static final LockOrder TRUNCATE_MUTEX_FIRST_2015 =
      ofFault("TRUNCATE_MUTEX_FIRST_2015", SB_PAGEFAULT, TRUNCATE_MUTEX, PAGE_LOCK);

  /** Before the series: nothing keeps truncation away from a fault. */
  public static final LockOrder NO_DAX_SEM = ofFault("NO_DAX_SEM", SB_PAGEFAULT);

  private static final List<LockOrder> ALL =
      List.of(MERGED, POSTED, TRUNCATE_MUTEX_FIRST, TRUNCATE_MUTEX_FIRST_2015, NO_DAX_SEM);

  private final String name;
  private final List<LockClass> faultLocks;
  private final Map<LockClass, Set<LockClass>> inner;
  private final List<List<LockClass>> contradictions;
  private final boolean checked;

  private LockOrder(
      String name,
      List<LockClass> faultLocks,
      Map<LockClass, Set<LockClass>> inner,
      List<List<LockClass>> contradictions,
      boolean checked) {
    this.name = name;
    this.checked = checked;
    this.faultLocks = List.copyOf(faultLocks);
    this.inner = inner;
    this.contradictions = contradictions;
  }

  private static LockOrder ofFault(String name, LockClass... faultLocks) {
    Builder order =
        builder(name)
            // system calls, whose buffers may fault; a name goes while its file is held
            .chain(SB_WRITERS, I_MUTEX_DIR, I_RWSEM, MMAP_LOCK)
            .chain(I_RWSEM, PAGE_LOCK, TRUNCATE_MUTEX)
            // freezing; eviction, also of a file that was made and got no name
            .chain(I_MUTEX_DIR, SB_INTERNAL)
            .chain(SB_WRITERS, S_UMOUNT, SB_PAGEFAULT, SB_INTERNAL, DAX_SEM)
            .chain(S_UMOUNT, S_LOCK)
            // truncation: mappings and entries, then blocks
            .chain(I_RWSEM, DAX_SEM, DAX_ENTRY, I_MMAP_RWSEM)
            .chain(DAX_SEM, TRUNCATE_MUTEX)
            .chain(MMAP_LOCK, I_MMAP_RWSEM)
            .chain(TRUNCATE_MUTEX, BLOCKGROUP_LOCK)
            .chain(TRUNCATE_MUTEX, S_LOCK)
            .chain(DAX_ENTRY, BLOCKGROUP_LOCK)
            .chain(DAX_ENTRY, S_LOCK)
            // the fault
            .chain(MMAP_LOCK, faultLocks[0])
            .chain(faultLocks)
            .chain(faultLocks[faultLocks.length - 1], DAX_ENTRY);
    List<LockClass> held = List.of(faultLocks);
    if (!held.contains(TRUNCATE_MUTEX)) {
      order.chain(DAX_ENTRY, TRUNCATE_MUTEX);
    }
    return order.fault(held).build();
  }

  /**
   * This order where a hole is a page of the page cache, which faults and truncation lock: the page
   * inside what a fault takes, the mappings inside the page.
   */
  public LockOrder withHolePages() {
    Builder order = builder(name);
    inner.forEach((outer, below) -> below.forEach(each -> order.chain(outer, each)));
    LockOrder with =
        order
            .chain(faultLocks.get(faultLocks.size() - 1), PAGE_LOCK, I_MMAP_RWSEM)
            .chain(DAX_SEM, PAGE_LOCK)
            .fault(faultLocks)
            .build();
    return checked ? with : with.unchecked();
  }

  /**
   * This order with nothing forbidden: tasks lock as it says, {@link LockValidator} looks at none
   * of it, and locks that really wait for each other do so. A check ends a task where classes
   * contradict each other, before it can be seen whether instances ever do.
   */
  public LockOrder unchecked() {
    return new LockOrder(name, faultLocks, inner, contradictions, false);
  }

  /** Whether acquisitions are checked at all; see {@link #unchecked}. */
  public boolean checked() {
    return checked;
  }

  /** All that there are. */
  public static List<LockOrder> values() {
    return ALL;
  }

  /**
   * The order of a name such as {@code merged} or {@code truncate-mutex-first}.
   *
   * @throws IllegalArgumentException naming all there are
   */
  public static LockOrder of(String label) {
    return ALL.stream()
        .filter(order -> order.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown lock order '"
                    + label
                    + "': "
                    + String.join(", ", ALL.stream().map(LockOrder::label).toList())));
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

  /**
   * What a page fault takes around its body, outermost first; {@link LockClass#SB_PAGEFAULT} only
   * if it stores to a shared mapping.
   */
  public List<LockClass> faultLocks() {
    return faultLocks;
  }

  /** Whether {@code second} may be taken while {@code first} is held. */
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
    private List<LockClass> faultLocks = List.of();
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

    private Builder fault(List<LockClass> outermostFirst) {
      faultLocks = outermostFirst;
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
      return new LockOrder(name, faultLocks, inner, circles, true);
    }

    /**
     * One shortest circle for each class that is the first, in the order of the classes, of one.
     */
    private List<List<LockClass>> circles() {
      List<List<LockClass>> circles = new ArrayList<>();
      Set<LockClass> told = EnumSet.noneOf(LockClass.class);
      for (LockClass each : LockClass.values()) {
        List<LockClass> path = Paths.shortest(each, each, this::below);
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
