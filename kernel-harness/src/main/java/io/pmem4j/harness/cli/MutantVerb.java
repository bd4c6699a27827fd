// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCall;
import io.pmem4j.harness.mutant.MutantCatalog;
import io.pmem4j.harness.mutant.MutantCompiler;
import io.pmem4j.harness.mutant.MutantLoader;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;

/** Runs a verb again in the loader of a mutant. */
public final class MutantVerb implements Function<MutantCall, Integer> {
  /** Creates the function; the loader of a mutant calls it. */
  public MutantVerb() {}

  /** Returns whether this class was loaded by the loader of a mutant. */
  static boolean runsOnMutant() {
    return MutantVerb.class.getClassLoader() instanceof MutantLoader;
  }

  /**
   * Runs the command line that this verb was given on a mutant, and returns its status.
   *
   * @throws CommandLine.ParameterException if no mutant has this name
   */
  static int run(CommandLine verb, String name) throws Exception {
    Mutant mutant;
    try {
      mutant = MutantCatalog.of(GuestFiles.home()).named(name);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(verb, String.valueOf(e.getMessage()));
    }
    CommandLine root = verb.getCommandSpec().root().commandLine();
    List<String> arguments = root.getParseResult().originalArgs();
    verb.getOut().println("mutant " + name + ": " + mutant.reason());
    try (MutantCompiler compiler = new MutantCompiler();
        MutantLoader loader = MutantLoader.of(mutant, compiler.compile(mutant), List.of())) {
      return loader.apply(
          MutantVerb.class, new MutantCall(arguments, verb.getOut(), verb.getErr()));
    }
  }

  @Override
  public Integer apply(MutantCall call) {
    String[] arguments = call.arguments().toArray(String[]::new);
    return Main.commandLine(arguments).setOut(call.out()).setErr(call.err()).execute(arguments);
  }
}
