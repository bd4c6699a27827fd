// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** A verb that ran, as its caller saw it. */
record Ran(int status, String out, String err) {
  static Ran run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine main =
        Main.commandLine(arguments).setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int status = main.execute(arguments);
    return new Ran(status, out.toString(), err.toString());
  }
}
