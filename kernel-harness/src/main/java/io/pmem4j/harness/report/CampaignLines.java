// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file of results: one for the settings, one for each program, one for the end of
 * each run. They are read one by one, as a file of days does not fit into memory.
 */
final class CampaignLines {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The kind of a line, which is its only key. */
  enum Kind {
    SETTINGS("settings"),
    PROGRAM("program"),
    END("end");

    private final String key;

    Kind(String key) {
      this.key = key;
    }
  }

  /** Is given the whole lines of a file in their order, the settings first. */
  interface Visitor {
    /** Takes the settings. */
    void settings(CampaignSettings settings) throws IOException;

    /** Takes the result of a program. */
    void program(ProgramLine line);

    /** Takes the end of a run. */
    void end(CampaignEnd end);
  }

  private CampaignLines() {}

  /** Returns the text of a line, with its end. */
  static byte[] of(Kind kind, Object value) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.set(kind.key, JSON.valueToTree(value));
    return (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the whole lines of a file.
   *
   * @return the length of the whole lines, in bytes; 0 if there is none
   * @throws IOException if it cannot be read, or is no file of a campaign; the message names the
   *     line
   */
  static long read(Path path, Visitor visitor) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      long bytes = 0;
      byte @Nullable [] line;
      for (int number = 1; (line = nextLine(in)) != null; number++) {
        try {
          visit(line, number, visitor);
        } catch (JsonProcessingException e) {
          throw new IOException(
              path + ":" + number + ": no results of a campaign: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
          throw new IOException(path + ":" + number + ": " + e.getMessage(), e);
        }
        bytes += line.length + 1L;
      }
      return bytes;
    }
  }

  /** Returns the next line without its end; null if the file has no more whole ones. */
  private static byte @Nullable [] nextLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int read = in.read(); read >= 0; read = in.read()) {
      if (read == '\n') {
        return line.toByteArray();
      }
      line.write(read);
    }
    return null;
  }

  private static void visit(byte[] text, int number, Visitor visitor) throws IOException {
    JsonNode line = JSON.readTree(text);
    if (line.has(Kind.SETTINGS.key)) {
      visitor.settings(JSON.treeToValue(line.get(Kind.SETTINGS.key), CampaignSettings.class));
    } else if (number == 1) {
      throw new IOException("no results of a campaign: the first line has no settings");
    } else if (line.has(Kind.PROGRAM.key)) {
      visitor.program(JSON.treeToValue(line.get(Kind.PROGRAM.key), ProgramLine.class));
    } else if (line.has(Kind.END.key)) {
      visitor.end(JSON.treeToValue(line.get(Kind.END.key), CampaignEnd.class));
    } else {
      throw new IOException("expected settings, program or end");
    }
  }

  /**
   * Requires that a file is empty or begins as one of a campaign does, whole or not.
   *
   * @throws IOException if it is another file
   */
  static void requireOurs(Path path) throws IOException {
    String begin = "{\"" + Kind.SETTINGS.key + "\":";
    try (InputStream in = Files.newInputStream(path)) {
      String text = new String(in.readNBytes(begin.length()), StandardCharsets.UTF_8);
      if (!begin.startsWith(text)) {
        throw new IOException(path + ":1: no results of a campaign, and not overwritten");
      }
    }
  }
}
