// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.jni.ChildCore;
import io.pmem4j.harness.jni.KernelBridge;
import io.pmem4j.harness.jni.OperationCore;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * A directory of the running kernel, whatever is mounted there: the road to real NVDIMMs. Each
 * program gets a new directory below it, which is removed again.
 *
 * <p>The file system is shared with whoever else uses it, so nothing is done to it that others
 * would notice, unless the user gives it away: see {@link ExclusiveUse}.
 */
public final class HostBackend implements Backend {
  /** Programs take other identities, which have to reach their files. */
  private static final FileAttribute<Set<PosixFilePermission>> OPEN_TO_ALL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private static final Duration OPERATION_BOUND = Duration.ofSeconds(60);

  private final HostPlace place;
  private final HostPages pages;
  private final HostDifferences differences;
  private final boolean exclusive;

  private HostBackend(
      HostPlace place, HostPages pages, HostDifferences differences, boolean exclusive) {
    this.place = place;
    this.pages = pages;
    this.differences = differences;
    this.exclusive = exclusive;
  }

  /**
   * Opens a directory.
   *
   * @param exclusive whether the mount may be frozen, filled, remounted and unmounted
   * @throws IllegalArgumentException if it may not after all
   */
  public static HostBackend open(Path directory, boolean exclusive) throws BackendException {
    try {
      HostPlace place = HostPlace.of(directory);
      if (exclusive) {
        ExclusiveUse.require(place);
      }
      // A kernel without JNI library, or a directory that cannot be written to, shows itself here.
      KernelBridge.open().close();
      Files.delete(Files.createTempDirectory(place.directory(), "pmem4j-"));
      return new HostBackend(
          place, HostPages.ofThisMachine(), HostDifferences.shipped(), exclusive);
    } catch (IOException e) {
      throw BackendException.environment("host: " + e, e);
    }
  }

  @Override
  public String name() {
    return "host:" + place.directory();
  }

  @Override
  public String description() {
    return place.toString();
  }

  @Override
  public View view() {
    return new View(place.scope(), false);
  }

  @Override
  public Optional<String> explain(Program program, Step step, String key) {
    return differences.reason(place.kind(), program, step, key);
  }

  @Override
  public Optional<String> lacks(Program program) {
    if (program.scope().compareTo(place.scope()) > 0) {
      return Optional.of(
          "the program is one of scope " + program.scope() + ", and this is " + place);
    }
    for (Step step : program.steps()) {
      String what = "line " + step.line() + ": " + step.text() + ": ";
      switch (step.operation().effect()) {
        case LABORATORY -> {
          return Optional.of(
              what + "only on a kernel that is booted for it, never on this machine's");
        }
        case MACHINE -> {
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
  public Session begin(Program program, PristineImages pristine, KernelChoices choices)
      throws BackendException {
    boolean child =
        program.steps().stream()
            .anyMatch(step -> step.operation().effect() != Operation.Effect.NONE);
    try {
      HostMount mount = HostMount.at(place.mountPoint());
      OperationCore core = child ? ChildCore.start(OPERATION_BOUND) : KernelBridge.open();
      Path root = Files.createTempDirectory(place.directory(), "pmem4j-", OPEN_TO_ALL);
      return new HostSession(core, root, pages, mount);
    } catch (IOException e) {
      throw BackendException.environment("host: " + e, e);
    }
  }

  @Override
  public void close() {
    // Each session has let go of what it had.
  }
}
