// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The results of one part of a campaign: a line of JSON for its settings, one for each program and
 * one for the end of each run. A line counts when its end is there, so a run that is killed loses
 * the line that it was writing, and is resumed. Not thread-safe.
 */
public final class CampaignFile implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SETTINGS = "settings";
  private static final String PROGRAM = "program";
  private static final String END = "end";

  /**
   * The content of a file.
   *
   * @param settings of the part
   * @param programs by name
   * @param ends of its runs, in order; a run that was killed has none
   * @param bytes the length of the whole lines
   */
  public record Content(
      CampaignSettings settings,
      Map<String, ProgramLine> programs,
      List<CampaignEnd> ends,
      long bytes) {}

  private final Path path;
  private final FileChannel channel;
  private final Set<String> done;

  private CampaignFile(Path path, FileChannel channel, Set<String> done) {
    this.path = path;
    this.channel = channel;
    this.done = done;
  }

  /**
   * Opens the file of a part, or makes it.
   *
   * @throws IOException if it cannot be written, another process writes it, or it is none
   * @throws IllegalArgumentException if it is of another campaign or part
   */
  public static CampaignFile resume(Path path, CampaignSettings settings) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean opened = false;
    try {
      if (channel.tryLock() == null) {
        throw new IOException(path + ": another process writes it");
      }
      Set<String> done = Set.of();
      byte[] bytes = Files.readAllBytes(path);
      if (hasNoWholeLine(path, bytes)) {
        channel.truncate(0);
        write(channel, SETTINGS, settings);
      } else {
        Content content = read(path, bytes);
        if (!content.settings().isResumedBy(settings)) {
          throw new IllegalArgumentException(
              path
                  + " is of another campaign or shard: it has "
                  + describe(content.settings())
                  + ", this run "
                  + describe(settings));
        }
        channel.truncate(content.bytes());
        channel.position(content.bytes());
        done = Set.copyOf(content.programs().keySet());
      }
      opened = true;
      return new CampaignFile(path, channel, done);
    } catch (OverlappingFileLockException e) {
      throw new IOException(path + ": this process writes it already", e);
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  private static String describe(CampaignSettings settings) {
    return "kernel %s, machine %s, programs %s, %d operations, seed %d, shard %s"
        .formatted(
            settings.kernel(),
            settings.machine(),
            settings.programs(),
            settings.operations(),
            settings.seed(),
            settings.shard());
  }

  /**
   * Reads the whole lines of a file.
   *
   * @throws IOException if it cannot be read, or is no file of a campaign; the message names the
   *     line
   */
  public static Content read(Path path) throws IOException {
    return read(path, Files.readAllBytes(path));
  }

  private static Content read(Path path, byte[] bytes) throws IOException {
    CampaignSettings settings = null;
    Map<String, ProgramLine> programs = new LinkedHashMap<>();
    List<CampaignEnd> ends = new ArrayList<>();
    int at = 0;
    int number = 1;
    for (int end; (end = endOfLine(bytes, at)) > 0; at = end, number++) {
      String place = path + ":" + number + ": ";
      try {
        JsonNode line = JSON.readTree(new String(bytes, at, end - at, StandardCharsets.UTF_8));
        if (line.has(SETTINGS)) {
          settings = JSON.treeToValue(line.get(SETTINGS), CampaignSettings.class);
        } else if (settings == null) {
          throw new IOException(place + "no results of a campaign: the first line has no settings");
        } else if (line.has(PROGRAM)) {
          ProgramLine program = JSON.treeToValue(line.get(PROGRAM), ProgramLine.class);
          programs.put(program.program(), program);
        } else if (line.has(END)) {
          ends.add(JSON.treeToValue(line.get(END), CampaignEnd.class));
        } else {
          throw new IOException(place + "expected settings, program or end");
        }
      } catch (JsonProcessingException e) {
        throw new IOException(place + "no results of a campaign: " + e.getOriginalMessage(), e);
      }
    }
    if (settings == null) {
      throw new IOException(path + ": no results of a campaign: it has no whole line");
    }
    return new Content(settings, programs, List.copyOf(ends), at);
  }

  /** Tells if a file is empty, or was left when its first line was being written. */
  private static boolean hasNoWholeLine(Path path, byte[] bytes) throws IOException {
    String begin = "{\"" + SETTINGS + "\":";
    String text =
        new String(bytes, 0, Math.min(bytes.length, begin.length()), StandardCharsets.UTF_8);
    if (!begin.startsWith(text)) {
      throw new IOException(path + ":1: no results of a campaign, and not overwritten");
    }
    return endOfLine(bytes, 0) == 0;
  }

  /** Returns the offset after the line's end, or 0 if it has none. */
  private static int endOfLine(byte[] bytes, int at) {
    for (int i = at; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        return i + 1;
      }
    }
    return 0;
  }

  private static void write(FileChannel channel, String key, Object value) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.set(key, JSON.valueToTree(value));
    ByteBuffer bytes =
        ByteBuffer.wrap((JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
  }

  /** Tells if a program has its line, from this run or one before. */
  public boolean has(String program) {
    return done.contains(program);
  }

  /** Returns how many programs had their line when the file was opened. */
  public int resumed() {
    return done.size();
  }

  /** Adds the line of a program; it is on the disk when this returns. */
  public void add(ProgramLine line) throws IOException {
    write(channel, PROGRAM, line);
  }

  /** Adds the end of a run. */
  public void end(CampaignEnd end) throws IOException {
    write(channel, END, end);
  }

  /** Returns the path. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
