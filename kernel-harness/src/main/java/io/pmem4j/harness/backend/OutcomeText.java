// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.LongFunction;

/** The words that both backends use for the same thing. */
public final class OutcomeText {
  private static final int SHORT_BYTES = 16;

  private static final Map<Integer, String> ENTRY_TYPES =
      Map.of(
          0, "unknown", 1, "fifo", 2, "char", 4, "dir", 6, "block", 8, "file", 10, "link", 12,
          "socket");

  private OutcomeText() {}

  /** Data: hexadecimal if short, else runs as {@code 41*4096.00*10}, which hide nothing. */
  public static String data(byte[] bytes) {
    if (bytes.length <= SHORT_BYTES) {
      return HexFormat.of().formatHex(bytes);
    }
    StringBuilder text = new StringBuilder();
    int start = 0;
    for (int i = 1; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] != bytes[start]) {
        text.append(text.isEmpty() ? "" : ".")
            .append(HexFormat.of().toHexDigits(bytes[start]))
            .append('*')
            .append(i - start);
        start = i;
      }
    }
    return text.toString();
  }

  /** A time: seconds since the program started. */
  public static String time(long seconds) {
    long relative = seconds - Program.CLOCK_BASE_SECONDS;
    return (relative < 0 ? "" : "+") + relative;
  }

  /** A signal: name, code, and where in the mapping. */
  public static String signal(int signo, int code, String mapping, long offset) {
    String name =
        switch (signo) {
          case 7 -> "SIGBUS";
          case 11 -> "SIGSEGV";
          default -> "signal" + signo;
        };
    return name + "/" + code + "@" + mapping + (offset < 0 ? "" : "+") + offset;
  }

  /** A stat record. */
  public static Outcome.Builder stat(ByteBuffer data, LongFunction<String> time) {
    long ino = data.getLong();
    return Outcome.builder()
        .value("result", 0)
        .value("ino", ino)
        .value("mode", Integer.toOctalString(data.getInt()))
        .value("nlink", data.getInt())
        .value("uid", data.getInt())
        .value("gid", data.getInt())
        .value("size", data.getLong())
        .value("blocks", data.getLong())
        .value("atime", time.apply(data.getLong()))
        .value("mtime", time.apply(data.getLong()))
        .value("ctime", time.apply(data.getLong()))
        .value("generation", Integer.toUnsignedString(data.getInt()));
  }

  /** An entry of a directory: name, type, inode number. */
  public static String entry(String name, int type, long ino) {
    return name + ":" + ENTRY_TYPES.getOrDefault(type, "?") + "@" + ino;
  }

  /** Returns the outcome of a failed call. */
  public static Outcome.Builder failed(String errno) {
    return Outcome.builder().value("result", -1).value("errno", errno);
  }

  /** One extent: file block, count, file-system block, flags. */
  public static String extent(long logical, long physical, long length, int flags) {
    return logical / 4096
        + "+"
        + length / 4096
        + "@"
        + physical / 4096
        + ":"
        + Integer.toHexString(flags);
  }
}
