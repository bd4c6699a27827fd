// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.program.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountedDirectoryTest {
  private static final List<String> MOUNTS =
      List.of(
          "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
          "30 27 0:24 / /proc rw,nosuid - proc proc rw",
          "40 27 259:0 / /mnt/my\\040pmem rw,noatime shared:7 master:2 - ext2 /dev/pmem0 rw,dax",
          "41 27 259:1 / /mnt/x rw - ext4 /dev/pmem1 rw,dax=always",
          "42 27 7:0 / /mnt/y rw - ext2 /dev/loop0 rw",
          "43 42 0:50 / /mnt/y rw - tmpfs over rw,size=1024k",
          "44 27 259:3 / /mnt/z rw - xfs /dev/pmem2 rw,dax=inode");

  private static MountedDirectory at(String path) throws IOException {
    return MountedDirectory.find(Path.of(path), MOUNTS);
  }

  @Test
  void theLowestMountAboveADirectoryCounts() throws IOException {
    assertThat(at("/home/me").fsType()).isEqualTo("ext4");
    assertThat(at("/mnt/x/a/b").source()).isEqualTo("/dev/pmem1");
    assertThat(at("/mnt/xy").source()).as("a name, not a prefix").isEqualTo("/dev/vda");
  }

  @Test
  void ofTwoMountsOnOnePointTheLastHidesTheOther() throws IOException {
    assertThat(at("/mnt/y").fsType()).isEqualTo("tmpfs");
  }

  @Test
  void blanksInNamesAndOptionalFieldsAreUnderstood() throws IOException {
    MountedDirectory place = at("/mnt/my pmem/dir");
    assertThat(place.mountPoint()).isEqualTo(Path.of("/mnt/my pmem"));
    assertThat(place.options()).contains("noatime", "dax");
    assertThat(place).hasToString("ext2 on /dev/pmem0 (dax) at /mnt/my pmem");
  }

  @Test
  void theScopeIsThatOfTheFileSystemAndItsMount() throws IOException {
    assertThat(at("/mnt/my pmem").scope()).isEqualTo(Scope.EXT2);
    assertThat(at("/mnt/x").scope()).isEqualTo(Scope.DAX);
    assertThat(at("/mnt/z").scope()).as("DAX only where a file asks for it").isEqualTo(Scope.POSIX);
    assertThat(at("/mnt/z").with(DaxState.DAX).scope()).isEqualTo(Scope.DAX);
    assertThat(at("/mnt/x").with(DaxState.PAGE_CACHE).scope()).isEqualTo(Scope.POSIX);
    assertThat(at("/mnt/x").with(DaxState.UNKNOWN).scope()).isEqualTo(Scope.DAX);
  }

  @Test
  void aPathOnNoMountIsRefused() {
    assertThatThrownBy(() -> MountedDirectory.find(Path.of("/a"), List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no mount");
  }
}
