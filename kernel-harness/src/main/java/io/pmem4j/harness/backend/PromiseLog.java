// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Syscall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The promises of a program. fsync and fdatasync promise the content of their file, a write through
 * O_DSYNC or O_SYNC that of its own, a write to or a truncation of a file with the attribute S too,
 * fsync of a directory its names; sync and syncfs promise everything. A sync that fails tells of
 * pages that are clean and lost: later ones promise what was stored since. Used by one thread.
 */
public final class PromiseLog {
  private static final int O_APPEND = 02000;
  private static final int O_DSYNC = 010000;
  private static final int PAGE = 4096;

  /** FS_SYNC_FL of FS_IOC_SETFLAGS, the attribute S of chattr(1). */
  private static final long SYNC_FLAG = 8;

  private static final Set<Syscall> NAMING =
      EnumSet.of(Syscall.UNLINK, Syscall.RENAME, Syscall.LINK, Syscall.RMDIR, Syscall.SYMLINK);

  private final Map<String, byte[]> first;
  private final List<Step> steps = new ArrayList<>();
  private final Map<Moment, PromisedFiles> known = new HashMap<>();

  private record Step(Operation operation, boolean succeeded, Map<String, byte[]> files) {}

  private record Moment(int completed, int flushed) {}

  /** Begins with the files that are there. */
  public PromiseLog(Map<String, byte[]> files) {
    this.first = Map.copyOf(files);
  }

  /**
   * Adds an operation.
   *
   * @param files the regular files after it
   */
  public void add(Operation operation, Outcome outcome, Map<String, byte[]> files) {
    boolean succeeded = !outcome.isSignal() && outcome.errno().isEmpty();
    steps.add(new Step(operation, succeeded, Map.copyOf(files)));
  }

  /**
   * Returns the promises that hold at a moment.
   *
   * @param completed the number of operations that have returned; the next one may be running
   * @param flushed the number of operations whose sync(2) or syncfs(2) counts
   */
  public PromisedFiles at(int completed, int flushed) {
    return known.computeIfAbsent(
        new Moment(completed, Math.min(completed, flushed)),
        moment -> new Replay().run(moment.completed(), moment.flushed()));
  }

  /** Returns every path that is ever promised. */
  public List<String> paths() {
    Set<String> all = new TreeSet<>();
    for (int i = 0; i <= steps.size(); i++) {
      all.addAll(at(i, i).versions().keySet());
    }
    return List.copyOf(all);
  }

  /** One walk through the operations. */
  private final class Replay {
    private final Map<String, String> open = new HashMap<>();
    private final Set<String> synchronous = new HashSet<>();
    private final Set<String> appending = new HashSet<>();
    private final Set<String> attribute = new HashSet<>();
    private final PromisedFiles now = PromisedFiles.all(first);

    /** Each content that a file has had since it was there, promised or not. */
    private final PromisedFiles had = PromisedFiles.all(first);

    private final Set<String> directories = new TreeSet<>(now.names());

    /** By path the content at a sync that failed. The kernel does not write it back again. */
    private final Map<String, byte[]> unwritten = new HashMap<>();

    Replay() {
      directories.removeAll(first.keySet());
      directories.add("/");
    }

    PromisedFiles run(int completed, int flushed) {
      for (int i = 0; i < completed; i++) {
        Step step = steps.get(i);
        running(step);
        if (step.succeeded()) {
          succeeded(step.operation(), step.files(), i < flushed);
        } else {
          failed(step.operation(), step.files());
        }
      }
      if (completed < steps.size()) {
        running(steps.get(completed));
      }
      return now;
    }

    /** The effect of an operation that may have happened in part. */
    private void running(Step step) {
      if (step.operation() instanceof Operation.Call call && NAMING.contains(call.syscall())) {
        paths(call).forEach(now::forget);
      }
      now.seen(step.files());
      had.seen(step.files());
      step.files().forEach(had::begin);
      unwritten.keySet().retainAll(step.files().keySet());
    }

    private void failed(Operation operation, Map<String, byte[]> files) {
      if (operation instanceof Operation.Call call) {
        switch (call.syscall()) {
          case FSYNC, FDATASYNC -> unwritten(open.getOrDefault(call.text(0), ""), files);
          case SYNCFS, MSYNC, SYNC_FILE_RANGE -> unwritten.putAll(files);
          default -> {}
        }
      }
    }

    private void unwritten(String path, Map<String, byte[]> files) {
      byte[] content = files.get(path);
      if (content != null) {
        unwritten.put(path, content);
      }
    }

    private void succeeded(Operation operation, Map<String, byte[]> files, boolean flushed) {
      if (!(operation instanceof Operation.Call call)) {
        return;
      }
      switch (call.syscall()) {
        case OPEN -> opened(call.text(0), call.text(1), call.number(2));
        case CLOSE -> open.remove(call.text(0));
        case MKDIR -> directories.addAll(paths(call));
        case FSYNC -> synced(call.text(0), files);
        case FDATASYNC -> content(call.text(0), files);
        case SETFLAGS -> flags(call.text(0), call.number(1));
        case PWRITE, FTRUNCATE -> changed(call, files, flushed);
        case SYNC, SYNCFS -> {
          if (flushed) {
            everything(files);
          }
        }
        default -> {}
      }
    }

    private void opened(String file, String path, long flags) {
      open.put(file, path);
      keep(synchronous, file, (flags & O_DSYNC) != 0);
      keep(appending, file, (flags & O_APPEND) != 0);
    }

    private static void keep(Set<String> files, String file, boolean in) {
      if (in) {
        files.add(file);
      } else {
        files.remove(file);
      }
    }

    private void flags(String path, long flags) {
      keep(attribute, path, (flags & SYNC_FLAG) != 0);
    }

    /** Like sync(2), truncation of a file with the attribute S flushes no device. */
    private void changed(Operation.Call call, Map<String, byte[]> files, boolean flushed) {
      String file = call.text(0);
      boolean writes = call.syscall() == Syscall.PWRITE && synchronous.contains(file);
      if (writes || (flushed && attribute.contains(open.getOrDefault(file, "")))) {
        if (call.syscall() == Syscall.PWRITE) {
          written(call, files);
        } else {
          content(file, files);
        }
      }
    }

    /** A write promises its own bytes: what was stored elsewhere may be there or not. */
    private void written(Operation.Call call, Map<String, byte[]> files) {
      String path = open.getOrDefault(call.text(0), "");
      byte[] content = files.get(path);
      if (content != null && call.arguments().get(2) instanceof Parameter.Data data) {
        int length = data.bytes().length();
        long from = appending.contains(call.text(0)) ? content.length - length : call.number(1);
        long end = from + length;
        now.promise(path, content, from, end, had.versions().getOrDefault(path, List.of()));
      }
    }

    private void synced(String file, Map<String, byte[]> files) {
      String path = open.getOrDefault(file, "");
      if (directories.contains(path)) {
        Set<String> all = new TreeSet<>(directories);
        all.addAll(files.keySet());
        now.promiseNames(path, all);
      } else {
        content(file, files);
      }
    }

    private void content(String file, Map<String, byte[]> files) {
      String path = open.getOrDefault(file, "");
      byte[] content = files.get(path);
      if (content != null) {
        promise(path, content);
      }
    }

    /** Promises the content of a file; of one whose sync has failed, the pages stored to since. */
    private void promise(String path, byte[] content) {
      byte[] lost = unwritten.get(path);
      if (lost == null) {
        now.promise(path, content);
        return;
      }
      List<byte[]> before = had.versions().getOrDefault(path, List.of());
      now.promise(path, content, 0, 0, before);
      byte[] then = Arrays.copyOf(lost, content.length);
      for (int at = 0; at < content.length; at += PAGE) {
        int end = Math.min(at + PAGE, content.length);
        if (!Arrays.equals(content, at, end, then, at, end)) {
          now.promise(path, content, at, end, before);
        }
      }
    }

    private void everything(Map<String, byte[]> files) {
      files.forEach(this::promise);
      now.names().addAll(directories);
      now.names().addAll(files.keySet());
    }
  }

  private static List<String> paths(Operation.Call call) {
    List<String> paths = new ArrayList<>();
    for (Parameter.Value value : call.arguments()) {
      if (value instanceof Parameter.Name name && name.text().startsWith("/")) {
        paths.add(name.text());
      }
    }
    return paths;
  }
}
