// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code guest}: a command in the booted guest. */
@Command(
    name = "guest",
    description = {
      "Boots the guest and runs a command in it; its exit status is ours.",
      "Without a command, runs each line of standard input with sh."
    })
final class GuestCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      description = "the kernel to boot (default: ${DEFAULT-VALUE})")
  private String kernel = "merged";

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "how long a command may take (default: ${DEFAULT-VALUE})")
  private int timeoutSeconds = 60;

  @Mixin private MachineOption machine = new MachineOption();

  @Parameters(paramLabel = "COMMAND", description = "after --: the command and its arguments")
  private List<String> command = List.of();

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  GuestCommand() {}

  @Override
  public Integer call() throws IOException, BackendException {
    Kernel booted = Kernel.of(kernel);
    if (timeoutSeconds < 1 || timeoutSeconds > 86_400) {
      throw new IllegalArgumentException("--timeout must be 1 to 86400 seconds");
    }
    GuestMachine hardware = machine.chosen();
    try (WorkDirectory directory = new WorkDirectory()) {
      Mke2fs.make(GuestBackend.imageIn(directory.path()));
      try (Guest guest = Guest.start(Backends.spec(booted, directory).withMachine(hardware))) {
        int status = command.isEmpty() ? shell(guest) : run(guest, command);
        guest.stop();
        return status;
      }
    }
  }

  private int shell(Guest guest) throws IOException {
    int status = 0;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (@Nullable String line = lines.readLine(); line != null; line = lines.readLine()) {
      status = run(guest, List.of("/bin/sh", "-c", line));
    }
    return status;
  }

  private int run(Guest guest, List<String> words) throws GuestException {
    Duration limit = Duration.ofSeconds(timeoutSeconds);
    Response response =
        guest.request(
            Request.of(WireOp.EXEC, limit.toMillis()).withStrings(words.toArray(String[]::new)),
            limit.plusSeconds(10));
    PrintWriter out = spec.commandLine().getOut();
    out.print(new String(response.data(), StandardCharsets.UTF_8));
    out.flush();
    if (response.result() < 0) {
      spec.commandLine()
          .getErr()
          .println("pmem4j: guest: cannot run " + words.getFirst() + ": errno " + response.errno());
      return ExitStatus.ENVIRONMENT;
    }
    return (int) response.result();
  }
}
