// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountOwnershipTest {
  private static MountedDirectory place(String directory, String mountPoint) {
    return new MountedDirectory(
        Path.of(directory), Path.of(mountPoint), "ext2", "/dev/pmem0", Set.of("rw"), false);
  }

  @Test
  void theRootOfAnUnrelatedMountIsGranted() {
    assertThatCode(() ->
            MountOwnership.require(
                place("/mnt/p", "/mnt/p"), Map.of("the home directory", Path.of("/home/me"))))
        .doesNotThrowAnyException();
  }

  @Test
  void aDirectoryInsideAMountIsRefused() {
    assertThatThrownBy(() -> MountOwnership.require(place("/mnt/p/dir", "/mnt/p"), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("root of a mount");
  }

  @Test
  void theRootFileSystemIsRefused() {
    assertThatThrownBy(() -> MountOwnership.require(place("/", "/"), Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aMountThatHoldsWhatThisProcessNeedsIsRefused() {
    assertThatThrownBy(() ->
            MountOwnership.require(
                place("/home", "/home"), Map.of("the home directory", Path.of("/home/me"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the home directory, /home/me");
  }

  /** The real process: its temporary files are somewhere, so wherever that is is refused. */
  @Test
  void theMountOfTheTemporaryFilesIsRefused(@TempDir Path directory) throws Exception {
    Path mountPoint = MountedDirectory.of(directory).mountPoint();
    MountedDirectory mount =
        new MountedDirectory(mountPoint, mountPoint, "ext4", "/dev/vda", Set.of("rw"), false);
    assertThatThrownBy(() -> MountOwnership.require(mount))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
