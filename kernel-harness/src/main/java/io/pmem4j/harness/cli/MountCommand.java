// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.fuse.FuseCaller;
import io.pmem4j.ext2.fuse.FuseMount;
import io.pmem4j.ext2.fuse.FuseOptions;
import io.pmem4j.ext2.fuse.FuseService;
import io.pmem4j.ext2.fuse.WriteBackMemory;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The verb {@code mount}: an ext2 image at a directory, through the kernel's FUSE. */
@Command(
    name = "mount",
    description = {
      "Mounts an ext2 image at a directory, served by ext2-dax through /dev/fuse.",
      "It ends with the mount: by umount DIR, SIGINT or SIGTERM. Each leaves a clean image.",
      "A mount whose server was killed is removed first.",
      "Exit 0: unmounted; 2: the image or directory cannot be used; 3: FUSE cannot be used."
    })
final class MountCommand implements Callable<Integer> {
  private static final int FEWEST_WORKERS = 4;
  private static final String MOUNTED = "mounted ";

  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "a file or a DAX device with ext2")
  private Path image = Path.of(".");

  @Parameters(index = "1", paramLabel = "DIR", description = "an existing directory")
  private Path directory = Path.of(".");

  @Option(names = "--read-only", description = "the same as -o ro; the image is not written to")
  private boolean readOnly;

  @Option(names = "--foreground", description = "run until the mount ends; the default")
  private boolean foreground;

  @Option(names = "--daemon", description = "return when it is mounted, and serve in background")
  private boolean daemon;

  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      description = {
        "as of mount(8), with commas: ro, nosuid, nodev, noexec, noatime, strictatime,",
        "ordered, sync, dirsync, sb=, grpid, minixdf, nouid32, errors=remount-ro,",
        "no_io_uring, and the others of ext2, see docs/ext2.md"
      })
  private String options = "";

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  MountCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (daemon && foreground) {
      throw new IllegalArgumentException("--daemon and --foreground exclude each other");
    }
    FuseOptions wanted = parsed();
    if (daemon) {
      return startDaemon();
    }
    requirePlaces();
    try (Arena arena = Arena.ofShared()) {
      serve(map(wanted, arena), wanted);
    }
    return ExitStatus.HOLDS;
  }

  private FuseOptions parsed() {
    try {
      FuseOptions wanted = FuseOptions.parse(options);
      return readOnly ? wanted.asReadOnly() : wanted;
    } catch (Ext2Exception e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private void requirePlaces() throws IOException {
    if (FuseMount.removeDead(directory)) {
      say(directory + ": removed the mount of a server that has died");
    }
    if (!Files.exists(directory)) {
      throw new NoSuchFileException(directory.toString());
    }
    if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    if (image.toRealPath().startsWith(directory.toRealPath())) {
      throw new FileSystemException(image.toString(), null, "lies below " + directory);
    }
  }

  /** Maps the image. On an ordinary file, flushes wait for fsync, as on every disk. */
  private PersistentMemory map(FuseOptions wanted, Arena arena) throws IOException {
    MapSpec how = MapSpec.existing().backend(Backend.JDK);
    PmemRegion region =
        Pmem.map(image, wanted.readOnly() ? how.readOnly() : how.exclusive(), arena);
    MountOptions options = wanted.mount();
    boolean waits = options.ordered() || options.sync() || options.dirsync();
    boolean defers = region.granularity() == Granularity.PAGE && !waits;
    return defers ? new WriteBackMemory(region) : region;
  }

  private Ext2FileSystem open(PersistentMemory memory, FuseOptions wanted) throws IOException {
    try {
      return Ext2FileSystem.mount(
          memory,
          wanted.mount(),
          Instrumentation.production().withUmask(0).withAllocatorUser(FuseCaller::current));
    } catch (Ext2Exception e) {
      throw UnusableImage.of(image, e);
    }
  }

  private void serve(PersistentMemory memory, FuseOptions wanted)
      throws IOException, InterruptedException {
    Runnable writeBack =
        memory instanceof WriteBackMemory deferred ? deferred::writeBack : () -> {};
    Ext2FileSystem fs = open(memory, wanted);
    CountDownLatch ended = new CountDownLatch(1);
    try {
      int workers = Math.max(FEWEST_WORKERS, Runtime.getRuntime().availableProcessors());
      FuseMount mount =
          FuseMount.mount(
              new FuseService(fs, writeBack, workers, this::say),
              image.toRealPath().toString(),
              directory,
              wanted);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(mount, ended), "unmount"));
      PrintWriter out = spec.commandLine().getOut();
      out.println(MOUNTED + image + " on " + mount.directory() + "; umount it to end");
      out.flush();
      mount.awaitUnmount();
    } finally {
      fs.unmount();
      writeBack.run();
      fs.errors().forEach(this::say);
      ended.countDown();
    }
  }

  private static void end(FuseMount mount, CountDownLatch ended) {
    mount.unmount();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts this command in a session of its own, and returns when that has mounted or failed. */
  private int startDaemon() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("setsid"));
    String own = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
    for (String argument : own.substring(0, own.length() - 1).split("\0", -1)) {
      command.add(argument.equals("--daemon") ? "--foreground" : argument);
    }
    Process server =
        new ProcessBuilder(command).redirectInput(Path.of("/dev/null").toFile()).start();
    PrintWriter err = spec.commandLine().getErr();
    try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
      // The JVM may print before: notes of options in its environment, or a log.
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith(MOUNTED)) {
          copyErrors(server);
          spec.commandLine().getOut().println(line);
          spec.commandLine().getOut().flush();
          return ExitStatus.HOLDS;
        }
        err.println(line);
      }
    }
    server.errorReader(StandardCharsets.UTF_8).lines().forEach(err::println);
    err.flush();
    return server.waitFor();
  }

  /** Prints what the server has said so far. */
  private void copyErrors(Process server) throws IOException {
    BufferedReader errors = server.errorReader(StandardCharsets.UTF_8);
    while (errors.ready()) {
      spec.commandLine().getErr().println(errors.readLine());
    }
    spec.commandLine().getErr().flush();
  }

  private void say(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("pmem4j: " + line);
    err.flush();
  }
}
