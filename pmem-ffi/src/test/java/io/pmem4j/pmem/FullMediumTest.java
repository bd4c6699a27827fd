// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.contract.Installed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system without room: errors, nothing left behind, and the JVM lives. */
@Tag("slow") // JVMs of their own
class FullMediumTest {
  @TempDir Path folder;

  private ChildJvm.Result onSmallFileSystem(Backend backend, Map<String, String> environment)
      throws Exception {
    Path mount = Files.createDirectory(folder.resolve("mount"));
    Path probe = folder.resolve("probe");
    Process possible =
        new ProcessBuilder("unshare", "-m", "mount", "-t", "tmpfs", "none", mount.toString())
            .redirectErrorStream(true)
            .redirectOutput(probe.toFile())
            .start();
    assumeTrue(possible.waitFor() == 0, () -> "cannot mount here: " + probe);
    List<String> prefix =
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            "mount -t tmpfs -o size=2m,nr_inodes=4 none " + mount + " && exec \"$@\"",
            "sh");
    return ChildJvm.run(
        folder, prefix, environment, FullMedium.class.getName(), mount.toString(), backend.name());
  }

  private static void assertErrorsAndLife(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .containsPattern("too large: No space left on device.*, left behind: false")
        .containsPattern("no inode: .*[Nn]o space left on device.*, left behind: false")
        .contains("filled: No space left on device")
        .contains("load: no memory at 524288")
        .contains("load: no memory at 1040384")
        .contains("store: no memory at 524288")
        .contains("store: no memory at 1040384")
        .doesNotContain("store: done")
        .contains("still there: 42")
        .contains("with room again: 43");
  }

  @Test
  void pages() throws Exception {
    Installed.assumeLibpmem();
    ChildJvm.Result result = onSmallFileSystem(Backend.LIBPMEM, Map.of());
    assertErrorsAndLife(result);
    assertThat(result.output()).containsPattern("no inode: .* errno 28,");
  }

  @Test
  void cacheLines() throws Exception {
    Installed.assumeLibpmem();
    assertErrorsAndLife(onSmallFileSystem(Backend.LIBPMEM, Map.of("PMEM_IS_PMEM_FORCE", "1")));
  }

  @Test
  void pagesByTheJdk() throws Exception {
    assertErrorsAndLife(onSmallFileSystem(Backend.JDK, Map.of()));
  }

  private static void assertHolesAreTold(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("putLong: told with its place")
        .contains("write: told with its place")
        .doesNotContain("never told")
        .doesNotContain("told of")
        .contains("acknowledged but not there: 0")
        .contains("alive");
  }

  private static final String TWO_MEBIBYTES = "mount -t tmpfs -o size=2m none $1";

  @Test
  void holesThatCannotBeFilled() throws Exception {
    Installed.assumeLibpmem();
    Map<String, String> forced = Map.of("PMEM_IS_PMEM_FORCE", "1");
    assertHolesAreTold(
        Mounted.run(folder, TWO_MEBIBYTES, forced, HoleStores.class, Backend.LIBPMEM.name()));
  }

  @Test
  void holesThatCannotBeFilledByTheJdk() throws Exception {
    assertHolesAreTold(
        Mounted.run(folder, TWO_MEBIBYTES, Map.of(), HoleStores.class, Backend.JDK.name()));
  }

  /** Such a file system reports 0 of 0 bytes as usable, which means unknown. */
  @Test
  void fileSystemsWithoutALimit() throws Exception {
    for (String mount :
        List.of("mount -t ramfs none $1", "mount -t tmpfs -o size=0,nr_inodes=0 none $1")) {
      ChildJvm.Result result = Mounted.run(folder, mount, Map.of(), MappedOnce.class, "createNew");
      assertThat(result.exit()).as(result.output()).isZero();
      assertThat(result.output()).contains("JDK: 42").doesNotContain("refused");
    }
  }

  @Test
  void hugetlbfsIsRefused() throws Exception {
    ChildJvm.Result result =
        Mounted.run(folder, "mount -t hugetlbfs none $1", Map.of(), MappedOnce.class, "existing");
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("JDK: refused java.nio.file.FileSystemException")
        .contains("is on hugetlbfs");
  }
}
