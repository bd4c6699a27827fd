// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

/** A program's text cannot be read; the message is one line, {@code file:line: what is wrong}. */
public final class ProgramSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  ProgramSyntaxException(String source, int line, String message) {
    super(source + ":" + line + ": " + message);
  }
}
