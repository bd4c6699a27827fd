// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.GuestFiles;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The verb from its start to each of its ends, and the helper of mount(8). */
@Tag("slow")
@Tag("mount")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MountLifeTest {
  private static final long BYTES = 32L << 20;

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalUnmountsAlsoWhatIsInUse(String signal, int status) throws Exception {
    try (MountedVerb mounted = new MountedVerb(BYTES)) {
      mounted.start();
      RandomAccessFile file = new RandomAccessFile(mounted.mount.resolve("a").toFile(), "rw");
      file.write(new byte[10_000]);
      assertThat(mounted.signal(signal)).isEqualTo(status);
      mounted.assertClean();
      assertThat(mounted.mount).isEmptyDirectory();
    }
  }

  @Test
  void afterAKillTheNextMountRemovesTheDeadOne() throws Exception {
    try (MountedVerb mounted = new MountedVerb(BYTES)) {
      mounted.start();
      assertThat(mounted.signal("KILL")).isEqualTo(137);
      assertThat(mounted.start()).contains("removed the mount of a server that has died");
      Files.writeString(mounted.mount.resolve("a"), "text");
    }
  }

  @Test
  void aSecondMountOfTheImageIsRefused() throws Exception {
    try (MountedVerb mounted = new MountedVerb(BYTES)) {
      mounted.start();
      Path other = Files.createDirectory(mounted.directory.resolve("other"));
      Ran ran = Ran.run("mount", mounted.image.toString(), other.toString());
      assertThat(ran.status()).isEqualTo(2);
      assertThat(ran.err()).contains("cannot use " + mounted.image);
      Files.delete(other);
    }
  }

  @Test
  void aDaemonReturnsWhenItHasMounted() throws Exception {
    try (MountedVerb mounted = new MountedVerb(BYTES)) {
      String[] command =
          MountedVerb.command("--daemon", mounted.image.toString(), mounted.mount.toString())
              .toArray(String[]::new);
      List<String> talking = new ArrayList<>(List.of("env", "JDK_JAVA_OPTIONS=-Xlog:gc+init"));
      talking.addAll(List.of(command));
      assertThat(MountedVerb.run(0, talking.toArray(String[]::new)))
          .contains("Pre-touch", "mounted " + mounted.image);
      Files.writeString(mounted.mount.resolve("a"), "text");
      MountedVerb.run(0, "umount", mounted.mount.toString());
      // The server holds its lock on the image until the superblock is written.
      MountedVerb.run(0, "flock", "-w", "60", mounted.image.toString(), "true");
      mounted.assertClean();
      Files.writeString(mounted.image, "no file system");
      assertThat(MountedVerb.run(2, command)).contains("cannot use " + mounted.image);
    }
  }

  /** The helper beside a launcher that prints its arguments. */
  @Test
  void theHelperTurnsArgumentsOfMountIntoThoseOfTheVerb(@TempDir Path folder) throws Exception {
    Path launcher =
        Files.writeString(folder.resolve("pmem4j"), "#!/bin/sh\nprintf '[%s]' \"$@\"\n");
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path helper = folder.resolve("mount.fuse.pmem4j");
    Files.copy(GuestFiles.home().resolve("mount.fuse.pmem4j"), helper);
    Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(
            MountedVerb.run(
                0, helper.toString(), "an image", "/dir", "-o", "rw,noatime", "-t", "fuse.pmem4j"))
        .isEqualTo("[mount][--daemon][-o][rw,noatime][an image][/dir]");
    Path link = Files.createSymbolicLink(folder.resolve("umount.fuse.pmem4j"), helper);
    assertThat(MountedVerb.run(2, link.toString(), folder.toString())).contains("not mounted");
  }

  @Test
  void theHelperOfUmountReturnsWhenTheImageIsClean(@TempDir Path folder) throws Exception {
    try (MountedVerb mounted = new MountedVerb(BYTES)) {
      mounted.start();
      Files.write(mounted.mount.resolve("a"), new byte[1 << 20]);
      Path link =
          Files.createSymbolicLink(
              folder.resolve("umount.fuse.pmem4j"), GuestFiles.home().resolve("mount.fuse.pmem4j"));
      MountedVerb.run(0, link.toString(), mounted.mount.toString());
      mounted.assertClean();
      assertThat(mounted.awaitEnd()).isZero();
    }
  }
}
