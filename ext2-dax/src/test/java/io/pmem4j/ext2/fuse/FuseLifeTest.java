// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Ends of a mount: by umount, by the server, by a kill, while files are open, and once more. A
 * second mount of an image gets its requests over io_uring, if the machine has that.
 */
@Timeout(value = 100, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseLifeTest {
  private static final long BYTES = 32L << 20;

  @Test
  void theContentIsThereInTheNextMount() throws Exception {
    try (MountedImage mounted = new MountedImage(Transport.DEVICE, BYTES)) {
      Files.writeString(mounted.path("a"), "kept");
      mounted.umount();
      mounted.assertClean();
      mounted.start(Transport.newest(), "");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
      mounted.endServer();
      mounted.assertClean();
    }
  }

  @ParameterizedTest
  @MethodSource("io.pmem4j.ext2.fuse.Transport#offered")
  void theServerEndsAMountInUseAndOpenFilesAnswerAtOnce(Transport transport) throws Exception {
    try (MountedImage mounted = new MountedImage(transport, BYTES)) {
      try (RandomAccessFile file = new RandomAccessFile(mounted.path("a").toFile(), "rw")) {
        file.write(new byte[5000]);
        Files.delete(mounted.path("a"));
        Files.writeString(mounted.path("b"), "kept");
        mounted.endServer();
        assertThatThrownBy(() -> file.write(1)).isInstanceOf(IOException.class);
      }
      mounted.assertClean();
      mounted.start(Transport.newest(), "");
      assertThat(Files.exists(mounted.path("a"))).isFalse();
      assertThat(Files.readString(mounted.path("b"))).isEqualTo("kept");
    }
  }

  @ParameterizedTest
  @MethodSource("io.pmem4j.ext2.fuse.Transport#offered")
  void afterAKillNothingHangsAndADeadMountIsRemoved(Transport transport) throws Exception {
    try (MountedImage mounted = new MountedImage(transport, BYTES)) {
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
      mounted.start(Transport.newest(), "");
      assertThat(Files.size(mounted.path("a"))).isEqualTo(1);
    }
  }

  /** Seconds after a change it is on the medium, though no program asked for it. */
  @Test
  void aKillLosesNothingThatIsOlderThanTheLastWriteBack() throws Exception {
    try (MountedImage mounted = new MountedImage(Transport.DEVICE, BYTES)) {
      Files.writeString(mounted.path("a"), "kept");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!isOnMedium(mounted)) {
        assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      }
      // The kernel knows the attributes of the root from here on, and asks no server for them.
      assertThat(mounted.mount).isReadable();
      mounted.kill();
      assertThat(FuseMount.removeDead(mounted.mount)).isTrue();
      mounted.start(Transport.newest(), "");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
    }
  }

  private static boolean isOnMedium(MountedImage mounted) throws Exception {
    String text =
        MountedImage.run(
            0, List.of("sh", "-c", "sleep 0.5; debugfs -c -R 'stat /a' " + mounted.image));
    return text.contains("Size: 4");
  }

  /** The image is of revision 0; e2fsck judges it when it is unmounted. */
  @Test
  void smallBlocksServeFilesAndNames() throws Exception {
    String[] format = {"-b", "1024", "-r", "0", "-O", "none", "-I", "128"};
    byte[] content = new byte[700_000];
    new Random(1).nextBytes(content);
    try (MountedImage mounted = new MountedImage(Transport.DEVICE, BYTES, format)) {
      Files.createDirectory(mounted.path("d"));
      Path file = mounted.path("d/file");
      Files.write(file, content);
      Files.createSymbolicLink(mounted.path("link"), Path.of("d/" + "./".repeat(40) + "file"));
      for (int i = 0; i < 30; i++) {
        Files.createFile(mounted.path("d/" + "n".repeat(200) + i));
      }
      assertThat(Files.readAllBytes(mounted.path("link"))).isEqualTo(content);
      assertThat(Files.getFileStore(mounted.mount).getBlockSize()).isEqualTo(1024);
      mounted.umount();
      mounted.start(Transport.newest(), "");
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
          Arena arena = Arena.ofConfined()) {
        MemorySegment mapped =
            channel.map(FileChannel.MapMode.READ_WRITE, 0, content.length, arena);
        assertThat(mapped.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
        mapped.set(ValueLayout.JAVA_BYTE, 300_000, (byte) 7);
        mapped.force();
        channel.truncate(300_001);
      }
      assertThat(Files.readAllBytes(file)).hasSize(300_001).endsWith(7);
      assertThat(MountedImage.run(0, List.of("stat", "-c", "%o %b", file.toString())).strip())
          .as("bytes and number of blocks")
          .isEqualTo("1024 592");
    }
  }

  @Test
  void aReadOnlyMountRefusesChangesAndStoresNothing() throws Exception {
    try (MountedImage mounted = new MountedImage(Transport.DEVICE, BYTES)) {
      Files.writeString(mounted.path("a"), "kept");
      mounted.umount();
      byte[] before = Files.readAllBytes(mounted.image);
      mounted.start(Transport.newest(), "ro,strictatime");
      assertThat(Files.readString(mounted.path("a"))).isEqualTo("kept");
      assertThatThrownBy(() -> Files.createFile(mounted.path("b")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("Read-only");
      mounted.umount();
      assertThat(Files.readAllBytes(mounted.image)).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @MethodSource("io.pmem4j.ext2.fuse.Transport#offered")
  void aFullImageSaysSoAndLosesNothing(Transport transport) throws Exception {
    try (MountedImage mounted = new MountedImage(transport, BYTES)) {
      assertThatThrownBy(() -> Files.write(mounted.path("a"), new byte[40 << 20]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      Files.delete(mounted.path("a"));
      Files.write(mounted.path("b"), new byte[20 << 20]);
      assertThat(Files.size(mounted.path("b"))).isEqualTo(20 << 20);
    }
  }
}
