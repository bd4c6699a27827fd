// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.conform.LockAudit;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramMount;
import io.pmem4j.harness.program.generator.ProgramGenerator;
import io.pmem4j.harness.report.CampaignEnd;
import io.pmem4j.harness.report.CampaignFile;
import io.pmem4j.harness.report.CampaignSettings;
import io.pmem4j.harness.report.ProgramLine;
import io.pmem4j.harness.report.Shard;
import io.pmem4j.harness.report.Summary;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Options of {@code conform} and {@code crash campaign} that make a run a part of a campaign:
 * bounded by time, resumable.
 */
final class PartOptions {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})([smh])");
  private static final Duration LONGEST = Duration.ofDays(7);

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description =
          "generate programs until this much time has passed, as 90s, 30m or 2h, in the place of"
              + " --generated")
  private @Nullable String time;

  @Option(
      names = "--shard",
      paramLabel = "I/N",
      description = "run every N-th program, from the I-th on: one of N machines of a campaign")
  private @Nullable String shard;

  @Option(
      names = "--results",
      paramLabel = "FILE",
      description =
          "write each result to FILE as it comes; a run with the same settings goes on where FILE"
              + " ends. ./pmem4j report merge reads such files")
  private @Nullable Path results;

  private @Nullable CampaignFile file;
  private int leftOut;

  PartOptions() {}

  /**
   * Returns the time for generated programs, if it is what bounds them.
   *
   * @throws IllegalArgumentException if it is no time between a second and a week
   */
  Optional<Duration> time() {
    if (time == null) {
      return Optional.empty();
    }
    Matcher matcher = DURATION.matcher(time);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "--time '" + time + "': expected a number with s, m or h, as 30m");
    }
    long number = Long.parseLong(matcher.group(1));
    Duration asked =
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          default -> Duration.ofHours(number);
        };
    if (asked.isZero() || asked.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("--time must be 1s to " + LONGEST.toHours() + "h");
    }
    return Optional.of(asked);
  }

  Shard shard() {
    return shard == null ? Shard.WHOLE : Shard.parse(shard);
  }

  /**
   * Opens the file of results, if one is asked for.
   *
   * @return closes it
   */
  Closeable open(CampaignSettings settings) throws IOException {
    file = results == null ? null : CampaignFile.resume(results, settings);
    return () -> {
      if (file != null) {
        file.close();
      }
    };
  }

  /** Returns how many programs an earlier run has the results of. */
  int resumed() {
    return file == null ? 0 : file.resumed();
  }

  /** Writes the line of a program, if there is a file. */
  void record(ProgramResult result) {
    if (file != null) {
      record(ProgramLine.of(result));
    }
  }

  /** Writes a line, if there is a file. */
  void record(ProgramLine line) {
    if (file != null) {
      try {
        file.add(line);
      } catch (IOException e) {
        throw new UncheckedIOException(file.path() + ": " + e.getMessage(), e);
      }
    }
  }

  /** Writes the end of a run of power cuts, if there is a file. */
  void end(CampaignEnd end) throws IOException {
    if (file != null) {
      file.end(end);
    }
  }

  /** Writes the end of this run, if there is a file. */
  void end(Summary summary) throws IOException {
    if (file != null) {
      file.end(
          new CampaignEnd(
              summary.locks().map(LockAudit.Outcome::agreed).orElse(Set.of()),
              summary.locks().map(LockAudit.Outcome::findings).orElse(List.of()),
              Arrays.stream(Forgiveness.values())
                  .collect(Collectors.toMap(Forgiveness::text, Forgiveness::applied)),
              summary.millis() / 1000.0));
    }
  }

  /** Returns how many generated programs did not fit the kernel. */
  int leftOut() {
    return leftOut;
  }

  /**
   * Returns the programs of this part: those given, then generated ones, as long as there are to be
   * more. Programs that have their result already are passed over.
   *
   * @param given the programs that come first
   * @param count how many are generated, or -1 until the time has passed
   * @param deadline of {@link System#nanoTime}, with {@code count} -1
   * @param fits generated programs that the kernel can be asked to run
   * @param mount options that each program is mounted with too
   */
  Iterator<Program> programs(
      List<Program> given,
      int count,
      long deadline,
      long seed,
      int operations,
      Predicate<Program> fits,
      ProgramMount mount) {
    Shard part = shard();
    Deque<Program> first = new ArrayDeque<>();
    for (int i = 0; i < given.size(); i++) {
      if (part.has(i)) {
        first.add(given.get(i));
      }
    }
    return new Iterator<>() {
      private int index;
      private @Nullable Program next;

      @Override
      public boolean hasNext() {
        while (next == null) {
          Program candidate = first.poll();
          if (candidate == null) {
            if (count < 0 ? System.nanoTime() - deadline >= 0 : index >= count) {
              return false;
            }
            candidate = generated(index++);
          }
          if (candidate != null && !isDone(candidate)) {
            next = candidate.with(mount);
          }
        }
        return true;
      }

      private boolean isDone(Program program) {
        return file != null && file.has(program.name());
      }

      private @Nullable Program generated(int index) {
        if (!part.has(index)) {
          return null;
        }
        Program program = ProgramGenerator.generate(seed + index, operations).with(mount);
        if (!fits.test(program)) {
          leftOut++;
          return null;
        }
        return program;
      }

      @Override
      public Program next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Program program = Objects.requireNonNull(next);
        next = null;
        return program;
      }
    };
  }
}
