// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The text of a journal: a line for each record, with a checksum and its number. A stop of the
 * machine leaves a torn tail, which is no damage; a line that is missing or broken before it is.
 */
final class JournalLines {
  /** Of the part that may be torn: what is appended between two syncs is far less. */
  private static final int TAIL_BYTES = 1 << 16;

  private static final int SUM_DIGITS = 8;

  private long next;
  private long whole;

  /** Returns the lines of further records. */
  synchronized byte[] encode(JournalRecord... records) {
    StringBuilder lines = new StringBuilder();
    for (JournalRecord record : records) {
      StringBuilder line = new StringBuilder().append(next++);
      for (String word : record.words()) {
        line.append(' ').append(URLEncoder.encode(word, StandardCharsets.UTF_8));
      }
      lines.append(sum(line.toString())).append(' ').append(line).append('\n');
    }
    return lines.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns the length in bytes of what {@link #read} has taken. */
  long whole() {
    return whole;
  }

  /**
   * Reads a journal up to its torn tail; {@link #encode} continues it.
   *
   * @throws JournalException if it is damaged before its tail, or of another version
   */
  void read(InputStream in, Consumer<JournalRecord> to) throws IOException {
    byte[] buffer = new byte[TAIL_BYTES];
    byte[] rest = new byte[0];
    while (true) {
      int count = in.readNBytes(buffer, 0, buffer.length);
      byte[] text = Arrays.copyOf(rest, rest.length + count);
      System.arraycopy(buffer, 0, text, rest.length, count);
      int taken = take(text, to);
      rest = Arrays.copyOfRange(text, taken, text.length);
      if (count == 0) {
        return;
      }
      if (rest.length > TAIL_BYTES) {
        throw new JournalException(
            "the journal is damaged after line " + next + ": it is not only its tail that is torn");
      }
    }
  }

  /** Hands on the whole lines, and returns their length. */
  private int take(byte[] text, Consumer<JournalRecord> to) throws JournalException {
    int at = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] == '\n') {
        List<String> words = words(new String(text, at, i - at, StandardCharsets.US_ASCII));
        if (words == null) {
          return at;
        }
        try {
          to.accept(JournalRecord.of(words));
        } catch (IllegalArgumentException unknown) {
          throw new JournalException("line " + (next + 1) + ": " + unknown.getMessage());
        }
        next++;
        whole += i + 1 - at;
        at = i + 1;
      }
    }
    return at;
  }

  /** Returns the words of the line that is due; null if it is another one, or none. */
  private @Nullable List<String> words(String line) {
    if (line.length() <= SUM_DIGITS
        || line.charAt(SUM_DIGITS) != ' '
        || !sum(line.substring(SUM_DIGITS + 1)).equals(line.substring(0, SUM_DIGITS))) {
      return null;
    }
    String[] parts = line.substring(SUM_DIGITS + 1).split(" ", -1);
    if (!parts[0].equals(String.valueOf(next))) {
      return null;
    }
    List<String> words = new ArrayList<>();
    for (String part : parts) {
      words.add(URLDecoder.decode(part, StandardCharsets.UTF_8));
    }
    return words.subList(1, words.size());
  }

  private static String sum(String line) {
    CRC32C sum = new CRC32C();
    sum.update(line.getBytes(StandardCharsets.US_ASCII));
    return "%08x".formatted(sum.getValue());
  }
}
