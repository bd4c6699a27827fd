// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.tool;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A path in an image as text. Names are bytes: one that is no UTF-8, a control character and a
 * backslash are written {@code \xff}, with two hexadecimal digits, both ways.
 */
public final class ImagePath {
  private static final int ESCAPE = 4;

  private ImagePath() {}

  /**
   * Returns the names of a path, none for the root.
   *
   * @throws IllegalArgumentException if an escape is no {@code \xff}
   */
  public static List<byte[]> names(String path) {
    List<byte[]> names = new ArrayList<>();
    for (String each : path.split("/", -1)) {
      if (!each.isEmpty() && !each.equals(".")) {
        names.add(bytes(each));
      }
    }
    return names;
  }

  private static byte[] bytes(String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int from = 0;
    for (int at = name.indexOf('\\'); at >= 0; at = name.indexOf('\\', from)) {
      if (!name.startsWith("\\x", at) || at + ESCAPE > name.length()) {
        throw new IllegalArgumentException(
            "name '" + name + "': a backslash is written \\x5c, a byte \\x and two digits");
      }
      bytes.writeBytes(name.substring(from, at).getBytes(StandardCharsets.UTF_8));
      bytes.write(Integer.parseInt(name.substring(at + 2, at + ESCAPE), 16));
      from = at + ESCAPE;
    }
    bytes.writeBytes(name.substring(from).getBytes(StandardCharsets.UTF_8));
    return bytes.toByteArray();
  }

  /** Returns a name as text. */
  public static String text(byte[] name) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
      if (text.chars().allMatch(each -> each >= ' ' && each != '\\' && each != 0x7f)) {
        return text;
      }
    } catch (CharacterCodingException _) {
      // Escaped below.
    }
    StringBuilder escaped = new StringBuilder();
    for (byte each : name) {
      escaped.append(
          each >= ' ' && each != '\\' && each != 0x7f
              ? String.valueOf((char) each)
              : "\\x%02x".formatted(each));
    }
    return escaped.toString();
  }
}
