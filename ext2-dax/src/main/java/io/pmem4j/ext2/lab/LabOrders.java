// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import static io.pmem4j.ext2.lock.LockClass.DAX_ENTRY;
import static io.pmem4j.ext2.lock.LockClass.DAX_SEM;
import static io.pmem4j.ext2.lock.LockClass.I_MMAP_RWSEM;
import static io.pmem4j.ext2.lock.LockClass.MMAP_LOCK;
import static io.pmem4j.ext2.lock.LockClass.PAGE_LOCK;
import static io.pmem4j.ext2.lock.LockClass.RSV_WINDOW_LOCK;
import static io.pmem4j.ext2.lock.LockClass.SB_PAGEFAULT;
import static io.pmem4j.ext2.lock.LockClass.TRUNCATE_MUTEX;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The lock orders of experiments, and the locks that a page fault takes around its body under each.
 */
public final class LabOrders {
  private static final Map<String, List<LockClass>> FAULT_LOCKS = new LinkedHashMap<>();

  /**
   * The order of the cover letter of 2015: {@code dax_sem} outside freeze protection. It
   * contradicts the order in which a file system is frozen, see {@link LockOrder#contradictions}.
   */
  public static final LockOrder POSTED = ofFault("POSTED", DAX_SEM, SB_PAGEFAULT);

  /** The attempt that the letter rejects, in the code of 5.10. It protects nothing. */
  public static final LockOrder TRUNCATE_MUTEX_FIRST =
      ofFault("TRUNCATE_MUTEX_FIRST", SB_PAGEFAULT, TRUNCATE_MUTEX);

  /**
   * The same attempt with the page lock that a fault on a hole took in 2015: the inversion that the
   * letter names. It is history; no kernel of this project runs it.
   */
  public static final LockOrder TRUNCATE_MUTEX_FIRST_2015 =
      ofFault("TRUNCATE_MUTEX_FIRST_2015", SB_PAGEFAULT, TRUNCATE_MUTEX, PAGE_LOCK);

  /** The order before the series: nothing keeps truncation away from a fault. */
  public static final LockOrder NO_DAX_SEM = ofFault("NO_DAX_SEM", SB_PAGEFAULT);

  private static final List<LockOrder> ALL =
      List.of(
          LockOrder.MERGED, POSTED, TRUNCATE_MUTEX_FIRST, TRUNCATE_MUTEX_FIRST_2015, NO_DAX_SEM);

  static {
    FAULT_LOCKS.put(LockOrder.MERGED.name(), List.of(SB_PAGEFAULT, DAX_SEM));
  }

  private LabOrders() {}

  private static LockOrder ofFault(String name, LockClass... faultLocks) {
    LockOrder.Builder order =
        LockOrder.withoutFaults(name)
            .chain(MMAP_LOCK, faultLocks[0])
            .chain(faultLocks)
            .chain(faultLocks[faultLocks.length - 1], DAX_ENTRY)
            // files with a page cache, as in the merged order
            .chain(SB_PAGEFAULT, PAGE_LOCK, I_MMAP_RWSEM)
            .chain(DAX_SEM, PAGE_LOCK);
    List<LockClass> held = List.of(faultLocks);
    if (!held.contains(TRUNCATE_MUTEX)) {
      order.chain(DAX_ENTRY, TRUNCATE_MUTEX);
    } else {
      order.chain(DAX_ENTRY, RSV_WINDOW_LOCK);
    }
    FAULT_LOCKS.put(name, held);
    return order.build();
  }

  /** Returns all orders, the merged one first. */
  public static List<LockOrder> values() {
    return ALL;
  }

  /**
   * Returns the order of a name such as {@code merged} or {@code truncate-mutex-first}.
   *
   * @throws IllegalArgumentException for another name; the message lists all names
   */
  public static LockOrder of(String label) {
    return ALL.stream()
        .filter(order -> order.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown lock order '"
                    + label
                    + "', expected one of "
                    + String.join(", ", ALL.stream().map(LockOrder::label).toList())));
  }

  /**
   * Returns the locks that a page fault takes around its body, outermost first. It takes {@link
   * LockClass#SB_PAGEFAULT} only if it stores to a shared mapping.
   */
  public static List<LockClass> faultLocks(LockOrder order) {
    List<LockClass> locks = FAULT_LOCKS.get(order.name());
    if (locks == null) {
      throw new IllegalArgumentException("no page fault takes its locks in the order " + order);
    }
    return locks;
  }

  /**
   * Returns an order for files whose holes are pages of the page cache. Faults and truncation lock
   * such a page: inside the locks of a fault, outside the mappings.
   */
  public static LockOrder withHolePages(LockOrder order) {
    LockOrder with =
        order.toBuilder()
            .chain(faultLocks(order).getLast(), PAGE_LOCK, I_MMAP_RWSEM)
            .chain(DAX_SEM, PAGE_LOCK)
            .build();
    return order.checked() ? with : with.unchecked();
  }
}
