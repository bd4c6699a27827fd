// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.ComparableView;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.OwnedDirectory;
import io.pmem4j.harness.jni.ChildCore;
import io.pmem4j.harness.jni.KernelBridge;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.Scope;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the running kernel, whatever is mounted there: the road to real NVDIMMs. A run has
 * a directory of its own below it, and each program one in that; both are removed, also by the end
 * of the JVM on a signal. SIGKILL leaves them to the next run.
 *
 * <p>The file system is shared with its other users. Nothing is done that they would notice, unless
 * the user gives the mount away: see {@link MountOwnership}.
 */
public final class HostBackend implements ProgramBackend {
  /** Programs take other identities, which have to reach their files. */
  private static final FileAttribute<Set<PosixFilePermission>> OPEN_TO_ALL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private static final Duration OPERATION_BOUND = Duration.ofSeconds(60);

  private final MountedDirectory place;
  private final OwnedDirectory directory;
  private int begun;
  private final HostPages pages;
  private final HostDifferences differences;
  private final boolean exclusive;
  private Set<String> traits = Set.of();
  private volatile @Nullable HostSession session;
  private volatile boolean ending;
  private final Thread shutdownHook = new Thread(this::end, "pmem4j-host-end");

  private HostBackend(
      MountedDirectory place,
      OwnedDirectory directory,
      HostPages pages,
      HostDifferences differences,
      boolean exclusive) {
    this.place = place;
    this.directory = directory;
    this.pages = pages;
    this.differences = differences;
    this.exclusive = exclusive;
  }

  /**
   * Opens a directory, and probes the traits of its file system.
   *
   * @param exclusive whether the mount may be frozen, filled, remounted and unmounted
   * @throws IllegalArgumentException if it may not after all
   * @throws BackendException if it is no directory, or none can be made in it
   */
  public static HostBackend open(Path path, boolean exclusive) throws BackendException {
    MountedDirectory place;
    OwnedDirectory directory = null;
    boolean open = false;
    try {
      place = MountedDirectory.of(path);
      if (exclusive) {
        MountOwnership.require(place);
        // A run that was killed may have left it frozen; whatever is made then would wait for ever.
        HostMount.at(place.mountPoint()).thaw();
      }
      // A kernel without JNI library shows itself here.
      KernelBridge.open().close();
      directory = makeIn(place.directory());
      HostBackend backend =
          new HostBackend(
              place.with(stateIn(directory.path())),
              directory,
              HostPages.ofThisMachine(),
              HostDifferences.shipped(),
              exclusive);
      backend.learn();
      Runtime.getRuntime().addShutdownHook(backend.shutdownHook);
      open = true;
      return backend;
    } catch (IOException e) {
      throw BackendException.environment("host: " + e.getMessage(), e);
    } finally {
      if (!open && directory != null) {
        remove(directory);
      }
    }
  }

  private static OwnedDirectory makeIn(Path parent) throws IOException {
    try {
      return OwnedDirectory.make(parent, ProgramDirectory::remove, OPEN_TO_ALL);
    } catch (FileSystemException e) {
      String reason =
          e instanceof AccessDeniedException
              ? "permission denied"
              : e.getReason() == null ? "the file system refuses it" : e.getReason();
      throw new IOException(
          "no directory can be made in " + parent + ": " + reason + "; name another directory", e);
    }
  }

  private static DaxState stateIn(Path directory) throws IOException {
    Path file = Files.createFile(directory.resolve("dax"));
    try {
      return DaxState.of(file);
    } finally {
      Files.delete(file);
    }
  }

  private void learn() throws BackendException, IOException {
    traits = HostTraits.among(differences.traits(), this::begin);
  }

  @Override
  public String name() {
    return "host:" + place.directory();
  }

  /** Returns the mount of the directory, and the traits of its file system. */
  @Override
  public String description() {
    return traits.isEmpty() ? place.toString() : place + "; " + String.join(", ", traits);
  }

  @Override
  public ComparableView view() {
    return new ComparableView(place.scope(), false);
  }

  @Override
  public Optional<String> explain(Program program, ProgramStep step, String key) {
    return differences.reason(traits, program, step, key);
  }

  @Override
  public Optional<String> lacks(Program program) {
    if (program.scope().compareTo(place.scope()) > 0) {
      return Optional.of(
          "the program is one of scope " + program.scope() + ", and this is " + place);
    }
    if (!program.mount().dax() && place.scope() != Scope.POSIX) {
      return Optional.of("the program is for a mount without DAX, and this is " + place);
    }
    for (ProgramStep step : program.steps()) {
      String what = "line " + step.line() + ": " + step.text() + ": ";
      switch (step.operation().reach()) {
        case KERNEL -> {
          return Optional.of(
              what + "only on a kernel that is booted for it, never on this machine's");
        }
        case FILE_SYSTEM -> {
          if (!exclusive) {
            return Optional.of(what + "only with --exclusive");
          }
        }
        default -> {}
      }
    }
    return Optional.empty();
  }

  @Override
  public Session begin(Program program, ImageTemplates templates, KernelChoices choices)
      throws BackendException {
    return begin(program);
  }

  private Session begin(Program program) throws BackendException {
    boolean child =
        program.steps().stream().anyMatch(step -> step.operation().reach() != Operation.Reach.NONE);
    try {
      HostMount mount = HostMount.at(place.mountPoint());
      Path root =
          Files.createDirectory(directory.path().resolve("program-" + ++begun), OPEN_TO_ALL);
      OperationCore core = child ? ChildCore.start(OPERATION_BOUND) : KernelBridge.open();
      HostSession opened = new HostSession(core, root, pages, mount, this::parkIfEnding);
      session = opened;
      parkIfEnding();
      return opened;
    } catch (IOException e) {
      parkIfEnding();
      throw BackendException.environment("host: " + e, e);
    }
  }

  /**
   * Stops a thread that uses resources which the end of the JVM has already released. The JVM ends
   * within moments, and there is nothing to report.
   */
  private void parkIfEnding() {
    while (ending) {
      LockSupport.park(this);
    }
  }

  /** Runs when the JVM ends by a signal: the mount and the directory are left as at any end. */
  private void end() {
    ending = true;
    HostSession current = session;
    if (current != null) {
      current.abandon();
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

  @Override
  public void close() {
    remove(directory);
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM is ending; the hook finds nothing left.
    }
  }
}
