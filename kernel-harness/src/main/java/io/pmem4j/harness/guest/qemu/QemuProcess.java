// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import io.pmem4j.harness.image.OwnedDirectory;
import io.pmem4j.harness.kernel.CheckoutScript;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** QEMU as a child process, and the files that exist for its sake. */
public final class QemuProcess implements Qemu {
  /** sun_path has 108 bytes, the last of them NUL. */
  private static final int SOCKET_PATH_BYTES = 107;

  private static final Duration SCRIPT_BOUND = Duration.ofSeconds(20);

  /** SIGKILL is answered at once; only a process in uninterruptible sleep takes longer. */
  private static final long KILL_SECONDS = 10;

  private final ParentDeathGuard tether;
  private final Process process;
  private final Path agentSocket;
  private final Path qmpSocket;
  private final @Nullable OwnedDirectory socketDirectory;

  private QemuProcess(
      ParentDeathGuard tether,
      Path agentSocket,
      Path qmpSocket,
      @Nullable OwnedDirectory socketDirectory) {
    this.tether = tether;
    process = tether.process();
    this.agentSocket = agentSocket;
    this.qmpSocket = qmpSocket;
    this.socketDirectory = socketDirectory;
  }

  /** Starts QEMU; its output waits in {@link #output}. */
  static QemuProcess start(GuestSpec spec) throws GuestException {
    OwnedDirectory temporary = null;
    try {
      for (Path file : List.of(spec.kernel(), spec.initrd(), spec.image())) {
        if (!Files.isRegularFile(file)) {
          throw new GuestException(GuestOutcome.HARNESS_FAULT, "no file " + file);
        }
      }
      Path directory = Files.createDirectories(spec.workDirectory().toAbsolutePath());
      if (!fits(directory)) {
        temporary = OwnedDirectory.make(Path.of("/tmp"), OwnedDirectory::removeTree);
        directory = temporary.path();
      }
      Path agent = directory.resolve("agent.sock");
      Path qmp = directory.resolve("qmp.sock");
      // A socket of an earlier guest would be taken for this one's.
      Files.deleteIfExists(agent);
      Files.deleteIfExists(qmp);
      List<String> command =
          new ArrayList<>(
              List.of(
                  GuestFiles.tether().toString(),
                  Long.toString(ProcessHandle.current().pid()),
                  executable(spec)));
      command.addAll(arguments(spec, agent, qmp));
      ParentDeathGuard tether =
          ParentDeathGuard.start(new ProcessBuilder(command).redirectErrorStream(true));
      return new QemuProcess(tether, agent, qmp, temporary);
    } catch (IOException e) {
      delete(temporary);
      if (e instanceof GuestException known) {
        throw known;
      }
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT, "cannot start QEMU: " + e.getMessage(), List.of(), e);
    }
  }

  private static boolean fits(Path directory) {
    String longest = directory.resolve("agent.sock").toString();
    return longest.getBytes(StandardCharsets.UTF_8).length <= SOCKET_PATH_BYTES;
  }

  /** The QEMU that is run, as {@code qemu/guest/boot} chooses it. */
  public static String executable() {
    String named = System.getenv("PMEM4J_QEMU");
    return named == null || named.isEmpty() ? "qemu-system-x86_64" : named;
  }

  private static String executable(GuestSpec spec) {
    GuestSpec.Tracing tracing = spec.tracing();
    return tracing == null ? executable() : tracing.tracer().qemu().toString();
  }

  /** Returns the environment variables of the script. */
  private static Map<String, String> variables(GuestSpec spec) {
    Map<String, String> variables = new HashMap<>();
    variables.put("PMEM4J_SMP", String.valueOf(spec.cpus()));
    variables.put("PMEM4J_MEMORY", String.valueOf(spec.memoryMebibytes()));
    variables.put("PMEM4J_MACHINE", spec.machine().toString());
    if (spec.secondImage() != null) {
      variables.put("PMEM4J_NVDIMM2", spec.secondImage().toAbsolutePath().toString());
    }
    GuestSpec.Tracing tracing = spec.tracing();
    if (tracing != null) {
      variables.put("PMEM4J_TRACER", tracing.tracer().plugin().toString());
      variables.put("PMEM4J_TRACE", tracing.file().toAbsolutePath().toString());
    }
    variables.put(
        "PMEM4J_DISKS",
        spec.disks().stream()
            .map(disk -> disk.toAbsolutePath().toString())
            .collect(Collectors.joining("\n")));
    return variables;
  }

  /** QEMU's arguments, as {@code qemu/guest/boot} writes them down. */
  static List<String> arguments(GuestSpec spec, Path agent, Path qmp) throws GuestException {
    return arguments(variables(spec), spec, agent, qmp);
  }

  /** The same for a QEMU inside a container, which has no hardware virtualisation. */
  static List<String> argumentsInContainer(GuestSpec spec, Path agent, Path qmp)
      throws GuestException {
    Map<String, String> variables = variables(spec);
    variables.put("PMEM4J_CONTAINER", "1");
    return arguments(variables, spec, agent, qmp);
  }

  private static List<String> arguments(
      Map<String, String> variables, GuestSpec spec, Path agent, Path qmp) throws GuestException {
    return CheckoutScript.run(
        SCRIPT_BOUND,
        variables,
        GuestFiles.boot(),
        "--print-args",
        spec.kernel().toAbsolutePath().toString(),
        spec.initrd().toAbsolutePath().toString(),
        spec.image().toAbsolutePath().toString(),
        agent.toString(),
        qmp.toString(),
        spec.append());
  }

  @Override
  public Path agentSocket() {
    return agentSocket;
  }

  @Override
  public Path qmpSocket() {
    return qmpSocket;
  }

  @Override
  public InputStream output() {
    return process.getInputStream();
  }

  @Override
  public void press(char key) throws IOException {
    process.getOutputStream().write(key);
    process.getOutputStream().flush();
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public String exit() {
    return Qemu.exit(process.exitValue());
  }

  @Override
  public boolean awaitExit(Deadline deadline) throws InterruptedException {
    return process.waitFor(deadline.remainingMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void destroy() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // Nothing of it is buffered.
    }
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    // PMEM4J_QEMU may be a script around QEMU.
    children.forEach(ProcessHandle::destroyForcibly);
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(KILL_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("pmem4j: QEMU, process " + pid() + ", does not die");
      }
      tether.join();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    delete(agentSocket);
    delete(qmpSocket);
    delete(socketDirectory);
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      System.err.println("pmem4j: " + path + " remains: " + e.getMessage());
    }
  }

  private static void delete(@Nullable OwnedDirectory directory) {
    try {
      if (directory != null) {
        directory.close();
      }
    } catch (IOException e) {
      System.err.println("pmem4j: " + directory.path() + " remains: " + e.getMessage());
    }
  }
}
