// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** Writes programs in the form that {@link ProgramParser} reads. */
public final class ProgramText {
  private static final List<String> PROTECTIONS =
      List.of("none", "r", "w", "rw", "x", "rx", "wx", "rwx");
  private static final List<String> MAP_TYPES = List.of("", "shared", "private", "validate");

  private ProgramText() {}

  /** The whole program. */
  public static String of(Program program) {
    StringJoiner text = new StringJoiner("\n", "", "\n");
    if (!program.id().isEmpty()) {
      text.add("id    " + program.id());
    }
    text.add("title " + program.title());
    if (!program.rows().isEmpty()) {
      text.add("rows  " + String.join(" ", program.rows()));
    }
    text.add("scope " + program.scope());
    text.add("pid   " + program.pid());
    if (!program.kernels().isEmpty()) {
      text.add("kernels " + String.join(" ", program.kernels()));
    }
    if (!program.image().withSetup(List.of()).equals(ImageShape.DEFAULT)) {
      text.add("image " + program.image());
    }
    program.image().setup().forEach(line -> text.add("setup " + line));
    if (program.atime() != AtimeOption.NOATIME) {
      text.add("mount " + program.atime());
    }
    text.add("");
    for (ProgramStep step : program.steps()) {
      text.add(
          of(step.operation())
              + (step.expected().isEmpty() ? "" : " => " + String.join(" ", step.expected())));
    }
    return text.toString();
  }

  /** Returns the text of one operation. */
  public static String of(Operation operation) {
    return switch (operation) {
      case Operation.Open open ->
          String.format(
              "open %s %s %s %o", open.file(), open.path(), openFlags(open.flags()), open.mode());
      case Operation.Close close -> "close " + close.file();
      case Operation.Pwrite write ->
          "pwrite " + write.file() + " " + write.offset() + " " + write.data();
      case Operation.Pread read ->
          "pread " + read.file() + " " + read.offset() + " " + read.length();
      case Operation.Ftruncate truncate -> "ftruncate " + truncate.file() + " " + truncate.size();
      case Operation.Fsync sync -> "fsync " + sync.file();
      case Operation.Fstat stat -> "fstat " + stat.file();
      case Operation.Fiemap fiemap -> "fiemap " + fiemap.file();
      case Operation.Mmap map ->
          String.join(
              " ",
              "mmap",
              map.mapping(),
              map.file(),
              String.valueOf(map.offset()),
              String.valueOf(map.length()),
              PROTECTIONS.get(map.prot()),
              MAP_TYPES.get(map.flags() & 3)
                  + ((map.flags() & 0x80000) != 0 ? " sync" : "")
                  + (map.align() == 0 ? "" : " align=" + map.align()));
      case Operation.Munmap unmap -> "munmap " + unmap.mapping();
      case Operation.Load load ->
          "load " + load.mapping() + " " + load.offset() + " " + load.length();
      case Operation.Store store ->
          "store " + store.mapping() + " " + store.offset() + " " + store.data();
      case Operation.Msync sync ->
          String.join(
              " ",
              "msync",
              sync.mapping(),
              String.valueOf(sync.offset()),
              String.valueOf(sync.length()),
              msyncFlags(sync.flags()));
      case Operation.Pagemap pagemap -> "pagemap " + pagemap.mapping() + " " + pagemap.offset();
      case Operation.Call call -> call(call);
      case Operation.Fork fork -> "fork " + fork.child();
      case Operation.In in -> "in " + in.child() + " " + of(in.operation());
      case Operation.Park park -> "park " + park.child() + " " + park.point();
      case Operation.Begin begin -> "begin " + begin.child() + " " + of(begin.operation());
      case Operation.Arrive arrive -> "arrive " + arrive.child() + " " + arrive.point();
      case Operation.Release release -> "release " + release.child() + " " + release.point();
      case Operation.Blocked blocked -> "blocked " + blocked.child();
      case Operation.Await await -> "await " + await.child();
      case Operation.Exit exit -> "exit " + exit.child();
      case Operation.Remount remount -> "remount " + remount.options();
      case Operation.Mounted _ -> "mounted";
      case Operation.Lockdep edge -> "lockdep " + edge.outer() + " " + edge.inner();
      case Operation.PowerCut _ -> "power-cut";
      case Operation.Sync _ -> "sync";
      case Operation.Clock clock -> "clock " + clock.seconds();
    };
  }

  private static String call(Operation.Call call) {
    StringJoiner words = new StringJoiner(" ");
    words.add(call.syscall().toString());
    for (int i = 0; i < call.arguments().size(); i++) {
      String word = call.syscall().parameters().get(i).text(call.arguments().get(i));
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words.toString();
  }

  private static String openFlags(int flags) {
    List<String> words = new ArrayList<>();
    // Access mode 3 has no name of its own in fcntl.h.
    words.add(List.of("ro", "wo", "rw", "wo rw").get(flags & 3));
    LineScanner.OPEN_FLAGS.entrySet().stream()
        .filter(flag -> flag.getValue() > 3 && (flags & flag.getValue()) == flag.getValue())
        .map(java.util.Map.Entry::getKey)
        .sorted()
        .forEach(words::add);
    return String.join(" ", words);
  }

  private static String msyncFlags(int flags) {
    List<String> words = new ArrayList<>();
    if ((flags & 1) != 0) {
      words.add("async");
    }
    if ((flags & 2) != 0) {
      words.add("invalidate");
    }
    if ((flags & 4) != 0) {
      words.add("sync");
    }
    return String.join(" ", words);
  }
}
