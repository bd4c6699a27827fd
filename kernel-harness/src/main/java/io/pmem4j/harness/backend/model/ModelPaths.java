// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static io.pmem4j.harness.backend.model.ModelProcess.result;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.PathOperations;
import io.pmem4j.ext2.Stat;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Program;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** The system calls of a program that take a path. */
final class ModelPaths {
  private static final int O_DIRECTORY = 0200000;
  private static final int MOST_ENTRIES = 64;

  private final PathOperations paths;
  private final boolean dax;
  private final Operation.Call call;

  ModelPaths(ModelProcess process, Operation.Call call) {
    this.paths = process.paths();
    this.dax = process.dax();
    this.call = call;
  }

  Outcome.Builder answer() throws Ext2Exception {
    switch (call.syscall()) {
      case MKDIR -> paths.mkdir(path(0), (int) call.number(1));
      case RMDIR -> paths.rmdir(path(0));
      case LINK -> paths.link(path(0), path(1));
      case SYMLINK -> paths.symlink(call.text(0), path(1));
      case READLINK -> {
        byte[] target = paths.readlink(path(0));
        return result(target.length).value("text", new String(target, StandardCharsets.UTF_8));
      }
      case RENAME -> paths.rename(path(0), path(1), (int) call.number(2));
      case UNLINK -> paths.unlink(path(0));
      case CHMOD -> paths.chmod(path(0), (int) call.number(1));
      case CHOWN -> paths.chown(path(0), (int) call.number(1), (int) call.number(2));
      case UTIMENS -> paths.setTimes(path(0), time(1), time(2));
      case ACCESS -> paths.access(path(0), (int) call.number(1));
      case SETXATTR ->
          paths.setXattr(path(0), bytes(1), call.data(2).toArray(), (int) call.number(3), false);
      case REMOVEXATTR -> paths.removeXattr(path(0), bytes(1), false);
      case GETXATTR -> {
        byte[] value = paths.getXattr(path(0), bytes(1), false);
        return result(value.length).value("data", OutcomeText.data(value));
      }
      case LISTXATTR -> {
        return names(paths.listXattr(path(0), false));
      }
      case SETFLAGS -> paths.setFlags(path(0), (int) call.number(1));
      case GETFLAGS -> {
        return result(0).value("flags", Integer.toHexString(paths.flags(path(0))));
      }
      case SETRSVSZ -> paths.setReservation(path(0), (int) call.number(1));
      case GETRSVSZ -> {
        return result(paths.reservation(path(0)));
      }
      case STATX -> {
        Stat stat = paths.stat(path(0), false);
        return stat(stat)
            .value("generation", "0")
            .value("dax", dax && (stat.mode() & FileMode.TYPE_MASK) == FileMode.REGULAR ? 1 : 0);
      }
      case LIST -> {
        return list();
      }
      default -> throw new IllegalStateException("takes no path: " + call);
    }
    return result(0);
  }

  static Outcome.Builder stat(Stat stat) {
    return result(0)
        .value("ino", stat.ino())
        .value("mode", Integer.toOctalString(stat.mode()))
        .value("nlink", stat.nlink())
        .value("uid", stat.uid())
        .value("gid", stat.gid())
        .value("size", stat.size())
        .value("blocks", stat.blocks512())
        .value("atime", OutcomeText.time(stat.atime()))
        .value("mtime", OutcomeText.time(stat.mtime()))
        .value("ctime", OutcomeText.time(stat.ctime()))
        .value("generation", Integer.toUnsignedString(stat.generation()));
  }

  /** Reads in pieces, as libc does. */
  private Outcome.Builder list() throws Ext2Exception {
    List<String> entries = new ArrayList<>();
    try (OpenFile directory = paths.open(path(0), O_DIRECTORY, 0)) {
      List<DirectoryEntry> piece = directory.readDirectory(0, MOST_ENTRIES);
      while (!piece.isEmpty()) {
        piece.forEach(
            entry -> entries.add(OutcomeText.entry(entry.name(), entry.type(), entry.ino())));
        piece = directory.readDirectory(piece.getLast().next(), MOST_ENTRIES);
      }
    }
    return result(entries.size()).value("entries", String.join(",", entries));
  }

  private byte[] bytes(int at) {
    return call.text(at).getBytes(StandardCharsets.UTF_8);
  }

  /** The result is that of llistxattr(2): each name has a NUL. */
  private static Outcome.Builder names(List<byte[]> names) {
    int bytes = names.stream().mapToInt(name -> name.length + 1).sum();
    return result(bytes)
        .value(
            "names",
            names.stream()
                .map(name -> new String(name, StandardCharsets.UTF_8))
                .collect(Collectors.joining(",")));
  }

  private String path(int at) throws Ext2Exception {
    return ModelProcess.path(call.text(at));
  }

  private OptionalLong time(int at) {
    long seconds = call.number(at);
    if (seconds == Parameter.OMIT) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        seconds == Parameter.NOW ? Long.MAX_VALUE : Program.CLOCK_BASE_SECONDS + seconds);
  }
}
