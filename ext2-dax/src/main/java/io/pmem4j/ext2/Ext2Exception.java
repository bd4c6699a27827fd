// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.io.IOException;

/**
 * An operation that the file system refused, with the error number that the kernel gives for it.
 * The message is one line and names what was refused.
 */
public class Ext2Exception extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /**
   * A refusal with its number and one line of context.
   *
   * @param message control characters are written {@code \xHH}: names may have them
   */
  public Ext2Exception(Errno errno, String message) {
    super(errno + ": " + printable(message));
    this.errno = errno;
  }

  private static String printable(String message) {
    if (message.chars().noneMatch(Character::isISOControl)) {
      return message;
    }
    StringBuilder text = new StringBuilder();
    message
        .chars()
        .forEach(each -> {
          if (Character.isISOControl(each)) {
            text.append("\\x%02x".formatted(each));
          } else {
            text.append((char) each);
          }
        });
    return text.toString();
  }

  /** The number that the system call would have set. */
  public final Errno errno() {
    return errno;
  }
}
