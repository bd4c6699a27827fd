// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import com.github.dockerjava.api.model.WaitResponse;
import io.pmem4j.harness.image.OwnedDirectory;
import io.pmem4j.harness.kernel.CheckoutScript;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * QEMU in a container without network and without privileges. Kernel, image and sockets are the
 * host's files under the host's paths.
 *
 * <p>The container ends with this JVM, SIGKILL included: it reads a pipe that this JVM keeps open,
 * and is removed by the engine when it has ended.
 */
final class QemuContainer implements Qemu {
  /** First QEMU, then whatever ends it: its own end, or the end of the pipe. */
  private static final String SCRIPT =
      """
      tether=$1 console=$2 keys=$3; shift 3
      "$@" < "$keys" > "$console" 2>&1 & qemu=$!
      (cat "$tether" > /dev/null; kill -KILL $qemu) > /dev/null 2>&1 &
      wait $qemu
      """;

  private static final String CONSOLE = "console";
  private static final String KEYS = "keys";
  private static final Duration IMAGE_BOUND = Duration.ofMinutes(20);
  private static final Duration START_BOUND = Duration.ofSeconds(60);

  private final GenericContainer<?> container;
  private final CompletableFuture<Integer> exit = new CompletableFuture<>();
  private final PipeInput output;
  private final OwnedDirectory directory;
  private final RandomAccessFile tether;
  private final RandomAccessFile keys;

  private QemuContainer(
      GenericContainer<?> container,
      OwnedDirectory directory,
      RandomAccessFile tether,
      RandomAccessFile keys) {
    this.container = container;
    this.output = new PipeInput(directory.path().resolve(CONSOLE));
    this.directory = directory;
    this.tether = tether;
    this.keys = keys;
  }

  static QemuContainer start(GuestSpec spec) throws GuestException {
    String image = CheckoutScript.run(IMAGE_BOUND, GuestFiles.containerBuild()).getLast();
    OwnedDirectory owned = null;
    boolean started = false;
    try {
      // The console's log goes there.
      Files.createDirectories(spec.workDirectory());
      owned = OwnedDirectory.make(Path.of("/tmp"), QemuContainer::removeTree);
      Path directory = owned.path();
      Path pipe = directory.resolve("tether");
      makePipe(pipe);
      Path console = directory.resolve(CONSOLE);
      makePipe(console);
      // Open for both: an open for one would wait for the container to open the other.
      RandomAccessFile tether = new RandomAccessFile(pipe.toFile(), "rw");
      Path input = directory.resolve(KEYS);
      makePipe(input);
      RandomAccessFile keys = new RandomAccessFile(input.toFile(), "rw");
      List<String> command =
          new ArrayList<>(
              List.of(
                  "sh", "-c", SCRIPT, "sh", pipe.toString(), console.toString(), input.toString()));
      command.add("qemu-system-x86_64");
      command.addAll(
          QemuProcess.argumentsInContainer(
              spec, directory.resolve("agent.sock"), directory.resolve("qmp.sock")));
      List<Bind> binds = binds(spec, directory);
      @SuppressWarnings("resource") // closed by destroy()
      GenericContainer<?> container =
          new GenericContainer<>(DockerImageName.parse(image))
              .withImagePullPolicy(name -> false)
              .withNetworkMode("none")
              .withCommand(command.toArray(String[]::new))
              .withStartupTimeout(START_BOUND)
              .withCreateContainerCmdModifier(
                  create -> create.getHostConfig().withBinds(binds).withAutoRemove(true));
      QemuContainer qemu = new QemuContainer(container, owned, tether, keys);
      try {
        container.start();
        qemu.follow();
        started = true;
        return qemu;
      } finally {
        if (!started) {
          qemu.destroy();
        }
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof GuestException known) {
        throw known;
      }
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT,
          "cannot start QEMU in a container: " + e.getMessage(),
          List.of(),
          e);
    } finally {
      if (!started && owned != null) {
        remove(owned);
      }
    }
  }

  /** Returns the files that QEMU opens, as read-only binds where it only reads. */
  private static List<Bind> binds(GuestSpec spec, Path directory) {
    Map<Path, AccessMode> modes = new LinkedHashMap<>();
    modes.put(spec.kernel().toAbsolutePath(), AccessMode.ro);
    modes.put(spec.initrd().toAbsolutePath(), AccessMode.ro);
    modes.put(spec.image().toAbsolutePath(), AccessMode.rw);
    spec.disks().forEach(disk -> modes.put(disk.toAbsolutePath(), AccessMode.ro));
    Path second = spec.secondImage();
    if (second != null) {
      modes.put(second.toAbsolutePath(), AccessMode.rw);
    }
    modes.put(directory, AccessMode.rw);
    return modes.entrySet().stream()
        .map(mode ->
            new Bind(
                mode.getKey().toString(), new Volume(mode.getKey().toString()), mode.getValue()))
        .toList();
  }

  private static void makePipe(Path path) throws IOException {
    try {
      Process process = new ProcessBuilder("mkfifo", "-m", "600", path.toString()).start();
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException("mkfifo " + path + " failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void follow() {
    container
        .getDockerClient()
        .waitContainerCmd(container.getContainerId())
        .exec(
            new ResultCallback.Adapter<WaitResponse>() {
              @Override
              public void onNext(WaitResponse response) {
                exit.complete(response.getStatusCode());
              }

              @Override
              public void onError(Throwable e) {
                exit.completeExceptionally(e);
                super.onError(e);
              }
            });
  }

  @Override
  public Path agentSocket() {
    return directory.path().resolve("agent.sock");
  }

  @Override
  public Path qmpSocket() {
    return directory.path().resolve("qmp.sock");
  }

  @Override
  public InputStream output() {
    return output;
  }

  @Override
  public void press(char key) throws IOException {
    keys.write(key);
  }

  /** The container's first process. */
  @Override
  public long pid() {
    Long pid = container.getCurrentContainerInfo().getState().getPidLong();
    return pid == null ? 0 : pid;
  }

  @Override
  public boolean isAlive() {
    return !exit.isDone();
  }

  @Override
  public String exit() {
    try {
      return Qemu.exit(exit.join());
    } catch (RuntimeException e) {
      return "the container is gone: " + e.getMessage();
    }
  }

  @Override
  public boolean awaitExit(Deadline deadline) throws InterruptedException {
    try {
      exit.get(deadline.remainingMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true;
    }
  }

  @Override
  public void destroy() {
    try {
      // Kills and removes; nothing when it has been done before.
      container.stop();
    } catch (NotFoundException e) {
      // Another process has removed it.
    }
    try {
      tether.close();
      keys.close();
    } catch (IOException e) {
      System.err.println("pmem4j: " + e.getMessage());
    }
    remove(directory);
  }

  private static void remove(OwnedDirectory directory) {
    try {
      directory.close();
    } catch (IOException e) {
      System.err.println("pmem4j: " + directory.path() + " remains: " + e.getMessage());
    }
  }

  private static void removeTree(Path directory) throws IOException {
    Path console = directory.resolve(CONSOLE);
    if (Files.exists(console)) {
      PipeInput.release(console);
    }
    OwnedDirectory.removeTree(directory);
  }
}
