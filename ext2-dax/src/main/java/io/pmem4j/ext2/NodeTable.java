// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The inodes that a client refers to by number, with the number of its references: {@code nlookup}
 * of FUSE. An inode here has a user, so that it outlives its last name until the client forgets it.
 * Thread-safe.
 */
final class NodeTable {
  private final InodeCache inodes;
  private final Ext2Inode root;

  /** Guarded by itself; nothing is waited for while it is held. */
  private final Map<Integer, Node> nodes = new HashMap<>();

  /** Open files by inode number; guarded by {@link #nodes}. */
  private final Map<Integer, Integer> open = new HashMap<>();

  /** Of those without name and open file; guarded by {@link #nodes}. */
  private final ForgetDeadlines deadlines = new ForgetDeadlines(System::nanoTime);

  private static final class Node {
    final Ext2Inode inode;
    long references;

    Node(Ext2Inode inode) {
      this.inode = inode;
    }
  }

  NodeTable(InodeCache inodes, Ext2Inode root) {
    this.inodes = inodes;
    this.root = root;
  }

  /**
   * Returns the inode of a number that the client has a reference to.
   *
   * @throws Ext2Exception ESTALE if it has none
   */
  Ext2Inode get(int ino) throws Ext2Exception {
    if (ino == root.number()) {
      return root;
    }
    synchronized (nodes) {
      Node node = nodes.get(ino);
      if (node != null) {
        return node.inode;
      }
    }
    throw new Ext2Exception(Errno.ESTALE, "nobody has looked up inode " + ino);
  }

  /** Adds a reference to an inode. The caller's user of the inode becomes this table's. */
  void add(Ext2Inode inode) throws Ext2Exception {
    boolean spare;
    synchronized (nodes) {
      Node node = nodes.computeIfAbsent(inode.number(), _ -> new Node(inode));
      spare = node.references++ > 0;
    }
    if (spare || inode == root) {
      inodes.put(inode);
    }
  }

  /**
   * Drops references to an inode. The last one drops the user of the inode, which may be the end of
   * it.
   */
  void forget(int ino, long references) throws Ext2Exception {
    Ext2Inode last = null;
    synchronized (nodes) {
      Node node = nodes.get(ino);
      if (node != null) {
        node.references -= references;
        if (node.references <= 0) {
          nodes.remove(ino);
          deadlines.remove(ino);
          last = node.inode;
        }
      }
    }
    if (last != null && last != root) {
      inodes.put(last);
    }
  }

  /** Counts one open file more. */
  void opened(Ext2Inode inode) {
    synchronized (nodes) {
      open.merge(inode.number(), 1, Integer::sum);
      deadlines.remove(inode.number());
    }
  }

  /** Counts one open file less. */
  void closed(Ext2Inode inode) {
    synchronized (nodes) {
      open.computeIfPresent(inode.number(), (_, count) -> count == 1 ? null : count - 1);
    }
  }

  /** Returns true if an inode has no name. */
  boolean hasNameless() {
    return hasAny(inode -> inode.nlink() == 0);
  }

  /** Returns true if an inode has neither a name nor an open file, and was not long waited for. */
  boolean awaitsForget() {
    return hasAny(inode ->
        inode.nlink() == 0
            && !open.containsKey(inode.number())
            && deadlines.awaits(inode.number()));
  }

  private boolean hasAny(Predicate<Ext2Inode> condition) {
    synchronized (nodes) {
      return nodes.values().stream().anyMatch(node -> condition.test(node.inode));
    }
  }

  /** Drops all references of the client. */
  void clear() throws Ext2Exception {
    List<Node> all;
    synchronized (nodes) {
      all = new ArrayList<>(nodes.values());
      nodes.keySet().forEach(deadlines::remove);
      nodes.clear();
    }
    for (Node node : all) {
      if (node.inode != root) {
        inodes.put(node.inode);
      }
    }
  }
}
