// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ends of a mount: by umount, by the server, by a kill, while files are open, and once more. */
@Timeout(value = 100, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseLifeTest {
  private static final long BYTES = 32L << 20;

  @Test
  void theContentIsThereInTheNextMount() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      Files.writeString(mounted.path("a"), "kept");
      mounted.umount();
      mounted.assertClean();
      mounted.start("");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
      mounted.endServer();
      mounted.assertClean();
    }
  }

  @Test
  void theServerEndsAMountInUseAndOpenFilesAnswerAtOnce() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      try (RandomAccessFile file = new RandomAccessFile(mounted.path("a").toFile(), "rw")) {
        file.write(new byte[5000]);
        Files.delete(mounted.path("a"));
        Files.writeString(mounted.path("b"), "kept");
        mounted.endServer();
        assertThatThrownBy(() -> file.write(1)).isInstanceOf(IOException.class);
      }
      mounted.assertClean();
      mounted.start("");
      assertThat(Files.exists(mounted.path("a"))).isFalse();
      assertThat(Files.readString(mounted.path("b"))).isEqualTo("kept");
    }
  }

  @Test
  void afterAKillNothingHangsAndADeadMountIsRemoved() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      RandomAccessFile file = new RandomAccessFile(mounted.path("a").toFile(), "rw");
      file.write(1);
      file.getFD().sync();
      mounted.kill();
      assertThatThrownBy(() -> file.write(1)).isInstanceOf(IOException.class);
      assertThatThrownBy(file::close).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> Files.readAttributes(mounted.mount, "size"))
          .isInstanceOf(FileSystemException.class);
      assertThat(FuseMount.removeDead(mounted.mount)).isTrue();
      assertThat(FuseMount.removeDead(mounted.mount)).isFalse();
      mounted.start("");
      assertThat(Files.size(mounted.path("a"))).isEqualTo(1);
    }
  }

  /** Seconds after a change it is on the medium, though no program asked for it. */
  @Test
  void aKillLosesNothingThatIsOlderThanTheLastWriteBack() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      Files.writeString(mounted.path("a"), "kept");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!isOnMedium(mounted)) {
        assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      }
      mounted.kill();
      assertThat(FuseMount.removeDead(mounted.mount)).isTrue();
      mounted.start("");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
    }
  }

  private static boolean isOnMedium(MountedImage mounted) throws Exception {
    String text =
        MountedImage.run(
            0, List.of("sh", "-c", "sleep 0.5; debugfs -c -R 'stat /a' " + mounted.image));
    return text.contains("Size: 4");
  }

  @Test
  void aReadOnlyMountRefusesChangesAndStoresNothing() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      Files.writeString(mounted.path("a"), "kept");
      mounted.umount();
      byte[] before = Files.readAllBytes(mounted.image);
      mounted.start("ro,strictatime");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
      assertThatThrownBy(() -> Files.createFile(mounted.path("b")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("Read-only");
      mounted.umount();
      assertThat(Files.readAllBytes(mounted.image)).isEqualTo(before);
    }
  }

  @Test
  void aFullImageSaysSoAndLosesNothing() throws Exception {
    try (MountedImage mounted = new MountedImage(BYTES, "")) {
      assertThatThrownBy(() -> Files.write(mounted.path("a"), new byte[40 << 20]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      Files.delete(mounted.path("a"));
      Files.write(mounted.path("b"), new byte[20 << 20]);
      assertThat(Files.size(mounted.path("b"))).isEqualTo(20 << 20);
    }
  }
}
