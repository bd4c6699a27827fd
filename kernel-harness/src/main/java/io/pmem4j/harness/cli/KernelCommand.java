// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.wire.GuestException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The verb {@code kernel}: the kernels that the harness boots. */
@Command(
    name = "kernel",
    description = "The kernels that the harness boots.",
    subcommands = {KernelCommand.ListKernels.class, KernelCommand.Build.class})
final class KernelCommand implements Runnable {
  @Spec private CommandLine.Model.CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  KernelCommand() {}

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "a subcommand is missing, expected list or build NAME");
  }

  /** {@code kernel list}. */
  @Command(
      name = "list",
      description =
          "Names the kernels, their image, how it is booted, and the fault bodies they have.")
  static final class ListKernels implements Callable<Integer> {
    @Spec private CommandLine.Model.CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills the spec in
    ListKernels() {}

    @Override
    public Integer call() {
      for (Kernel kernel : Kernel.values()) {
        spec.commandLine()
            .getOut()
            .printf(
                "%-22s image %-8s %-22s %s%n",
                kernel, kernel.image(), kernel.append(), kernel.profile());
      }
      return ExitStatus.HOLDS;
    }
  }

  /** {@code kernel build}. */
  @Command(
      name = "build",
      description = "Builds a kernel, or finds it in the cache, and prints where it is.")
  static final class Build implements Callable<Integer> {
    @Spec private CommandLine.Model.CommandSpec spec;

    @Parameters(index = "0", paramLabel = "NAME", description = "a kernel's name, or all")
    private String name = "all";

    @SuppressWarnings("NullAway.Init") // picocli fills the spec in
    Build() {}

    @Override
    public Integer call() throws GuestException {
      List<String> images =
          name.equals("all") ? KernelImages.names() : List.of(Kernel.of(name).image());
      for (String image : images) {
        spec.commandLine().getOut().println(KernelImages.kernel(image));
      }
      return ExitStatus.HOLDS;
    }
  }
}
