// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of a Linux directory, asked of a mounted image through {@code java.nio.file}. */
@Timeout(value = 100, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@MethodSource("io.pmem4j.ext2.fuse.Transport#offered")
class FuseMountTest {
  private static MountedImage mounted;
  @Parameter private Transport transport;
  private Path here;

  @BeforeParameterizedClassInvocation
  static void mount(Transport transport) throws Exception {
    mounted = new MountedImage(transport, 256L << 20);
  }

  @AfterParameterizedClassInvocation
  static void unmount() throws Exception {
    if (mounted != null) {
      mounted.close();
    }
  }

  @BeforeEach
  void directory(TestInfo test) throws IOException {
    here = Files.createDirectory(mounted.path(test.getTestMethod().orElseThrow().getName()));
  }

  @Test
  void aWorkerRunsWhereTheProgramThatWaitsForItDoes() throws Exception {
    String cpus =
        MountedImage.run(0, List.of("sh", "-c", "taskset -cp $$")).replaceFirst(".*: ", "");
    String last = cpus.strip().replaceFirst(".*[,-]", "");
    String calls =
        """
        import os, time
        end = time.monotonic() + 0.4
        calls = 0
        while calls < 5000 or time.monotonic() < end:
            os.statvfs("%s")
            calls += 1
        """
            .formatted(here);
    MountedImage.run(0, List.of("taskset", "-c", last, "python3", "-c", calls));
    assertThat(mounted.cpusOfWorkers()).contains(last);
  }

  @Test
  void requestsComeByTheWayOfTheMount() throws Exception {
    long byRing = mounted.waitsOf("fuse-ring-");
    long byDevice = mounted.waitsOf("fuse-[0-9]");
    for (int i = 0; i < 400; i++) {
      assertThat(Files.getFileStore(here).getUnallocatedSpace()).isPositive();
    }
    byRing = mounted.waitsOf("fuse-ring-") - byRing;
    byDevice = mounted.waitsOf("fuse-[0-9]") - byDevice;
    assertThat(transport == Transport.IO_URING ? byRing : byDevice).isGreaterThan(200);
    assertThat(transport == Transport.IO_URING ? byDevice : byRing).isLessThan(100);
  }

  private static int nlink(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
  }

  private static int mode(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
  }

  private static byte[] pattern(int bytes, int seed) {
    byte[] all = new byte[bytes];
    new java.util.Random(seed).nextBytes(all);
    return all;
  }

  @Test
  void filesAreWrittenAndRead() throws IOException {
    byte[] bytes = pattern(3_000_001, 1);
    Path file = Files.write(here.resolve("a"), bytes);
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    assertThat(Files.size(file)).isEqualTo(bytes.length);
    Files.write(file, new byte[] {1, 2}, StandardOpenOption.APPEND);
    assertThat(Files.size(file)).isEqualTo(bytes.length + 2);
    Files.write(file, new byte[] {3}, StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(Files.readAllBytes(file)).containsExactly(3);
  }

  @Test
  void namesAreTakenOnce() throws IOException {
    Files.createFile(here.resolve("a"));
    assertThatThrownBy(() -> Files.createFile(here.resolve("a")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.createDirectory(here.resolve("a")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.delete(here.resolve("b")))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.createFile(here.resolve("n".repeat(256))))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("too long");
    Files.createFile(here.resolve("n".repeat(255)));
  }

  @Test
  void linksCountAndNameTheSameFile() throws IOException {
    Path a = Files.writeString(here.resolve("a"), "text");
    Path b = Files.createLink(here.resolve("b"), a);
    assertThat(nlink(a)).isEqualTo(2);
    assertThat(Files.isSameFile(a, b)).isTrue();
    Files.delete(a);
    assertThat(nlink(b)).isEqualTo(1);
    assertThat(Files.readString(b)).isEqualTo("text");
    Path c = Files.createSymbolicLink(here.resolve("c"), Path.of("b"));
    assertThat(Files.readString(c)).isEqualTo("text");
    assertThat(Files.readSymbolicLink(c)).isEqualTo(Path.of("b"));
    String longTarget = "x/".repeat(1000);
    Files.createSymbolicLink(here.resolve("d"), Path.of(longTarget));
    assertThat(Files.readSymbolicLink(here.resolve("d"))).isEqualTo(Path.of(longTarget));
  }

  @Test
  void directoriesCountTheirChildrenAndGoOnlyEmpty() throws IOException {
    Path d = Files.createDirectory(here.resolve("d"));
    Path e = Files.createDirectory(d.resolve("e"));
    assertThat(nlink(d)).isEqualTo(3);
    assertThatThrownBy(() -> Files.delete(d)).isInstanceOf(DirectoryNotEmptyException.class);
    Files.delete(e);
    assertThat(nlink(d)).isEqualTo(2);
    for (int i = 0; i < 500; i++) {
      Files.createFile(d.resolve("name-of-some-length-" + i));
    }
    try (var names = Files.list(d)) {
      assertThat(names).hasSize(500);
    }
    for (int i = 0; i < 500; i++) {
      Files.delete(d.resolve("name-of-some-length-" + i));
    }
    Files.delete(d);
  }

  @Test
  void renameReplacesAndMovesDirectories() throws IOException {
    Path a = Files.writeString(here.resolve("a"), "a");
    Path b = Files.writeString(here.resolve("b"), "b");
    Files.move(a, b, StandardCopyOption.ATOMIC_MOVE);
    assertThat(Files.readString(b)).isEqualTo("a");
    assertThat(Files.exists(a)).isFalse();
    Path d = Files.createDirectory(here.resolve("d"));
    Path e = Files.createDirectory(here.resolve("e"));
    Files.createFile(d.resolve("x"));
    Files.move(d, e.resolve("d"), StandardCopyOption.ATOMIC_MOVE);
    assertThat(nlink(here)).isEqualTo(3);
    assertThat(nlink(e)).isEqualTo(3);
    assertThat(Files.exists(e.resolve("d/x"))).isTrue();
    assertThatThrownBy(() -> Files.move(e, e.resolve("d/below"), StandardCopyOption.ATOMIC_MOVE))
        .isInstanceOf(FileSystemException.class)
        .isNotInstanceOf(AtomicMoveNotSupportedException.class);
  }

  @Test
  void permissionsOwnersAndTimesAreKept() throws IOException {
    Path a = Files.createFile(here.resolve("a"));
    Files.setPosixFilePermissions(a, PosixFilePermissions.fromString("rwx--x--x"));
    Files.setAttribute(a, "unix:mode", 0104755);
    assertThat(mode(a)).isEqualTo(04755);
    Files.setAttribute(a, "unix:uid", 1234);
    assertThat(mode(a)).as("chown clears the set-user-id bit").isEqualTo(0755);
    assertThat((Integer) Files.getAttribute(a, "unix:uid")).isEqualTo(1234);
    BasicFileAttributeView view = Files.getFileAttributeView(a, BasicFileAttributeView.class);
    view.setTimes(
        FileTime.from(1_000_000_001L, TimeUnit.SECONDS), FileTime.from(-2, TimeUnit.SECONDS), null);
    Map<String, Object> times = Files.readAttributes(a, "lastModifiedTime,lastAccessTime");
    assertThat(times.get("lastModifiedTime"))
        .isEqualTo(FileTime.from(1_000_000_001L, TimeUnit.SECONDS));
    assertThat(times.get("lastAccessTime")).isEqualTo(FileTime.from(-2, TimeUnit.SECONDS));
  }

  @Test
  void anUnlinkedFileLivesWhileItIsOpen() throws IOException {
    Path a = here.resolve("a");
    long free = Files.getFileStore(here).getUnallocatedSpace();
    byte[] bytes = pattern(1 << 20, 2);
    try (RandomAccessFile file = new RandomAccessFile(a.toFile(), "rw")) {
      file.write(bytes);
      Files.delete(a);
      assertThat(Files.getFileStore(here).getUnallocatedSpace()).isLessThan(free);
      byte[] back = new byte[bytes.length];
      file.seek(0);
      file.readFully(back);
      assertThat(back).isEqualTo(bytes);
    }
    assertThat(Files.exists(a)).isFalse();
  }

  @Test
  void sharedMappingsAndWritesSeeEachOther() throws IOException {
    Path a = here.resolve("a");
    try (Arena arena = Arena.ofShared();
        FileChannel channel =
            FileChannel.open(
                a, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(pattern(10_000, 3)), 0);
      MemorySegment map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 10_000, arena);
      map.set(ValueLayout.JAVA_BYTE, 5000, (byte) 42);
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, 5000);
      assertThat(one.get(0)).isEqualTo((byte) 42);
      channel.write(ByteBuffer.wrap(new byte[] {43}), 5001);
      assertThat(map.get(ValueLayout.JAVA_BYTE, 5001)).isEqualTo((byte) 43);
      map.force();
    }
    byte[] all = Files.readAllBytes(a);
    assertThat(all[5000]).isEqualTo((byte) 42);
    assertThat(all[5001]).isEqualTo((byte) 43);
  }

  @Test
  void directReadsAndWritesPassTheCache() throws Exception {
    Path source = here.resolve("source");
    byte[] bytes = pattern(256 << 10, 4);
    Files.write(source, bytes);
    MountedImage.run(
        0,
        List.of(
            "dd",
            "if=" + source,
            "of=" + here.resolve("a"),
            "bs=16k",
            "iflag=direct",
            "oflag=direct"));
    assertThat(Files.readAllBytes(here.resolve("a"))).isEqualTo(bytes);
  }

  @Test
  void aLargeSparseFileHasNoBlocksInItsHole() throws IOException {
    Path a = here.resolve("a");
    try (RandomAccessFile file = new RandomAccessFile(a.toFile(), "rw")) {
      file.seek(6L << 30);
      file.write(7);
      file.seek(3L << 30);
      assertThat(file.read()).isZero();
      assertThat(file.length()).isEqualTo((6L << 30) + 1);
      file.setLength(5L << 30);
      file.setLength(7L << 30);
      file.seek(6L << 30);
      assertThat(file.read()).isZero();
    }
  }

  @Test
  void locksOfOneProcessExcludeThoseOfAnother() throws Exception {
    Path a = Files.createFile(here.resolve("a"));
    try (FileChannel channel = FileChannel.open(a, StandardOpenOption.WRITE);
        FileChannel other = FileChannel.open(a, StandardOpenOption.WRITE)) {
      assertThat(channel.tryLock()).isNotNull();
      assertThatThrownBy(other::tryLock).isInstanceOf(OverlappingFileLockException.class);
    }
    Path script = Files.writeString(here.resolve("s"), "exec 9>>\"$1\"; flock -n 9; echo $?");
    MountedImage.run(0, List.of("sh", script.toString(), a.toString()));
  }

  @Test
  void writersOnSeveralThreadsDisturbNobody() throws Exception {
    int writers = 4;
    List<Future<?>> ends = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(writers)) {
      for (int i = 0; i < writers; i++) {
        int own = i;
        ends.add(executor.submit((Callable<?>) () -> churn(own)));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    }
    assertThat(nlink(here)).isEqualTo(2);
  }

  private Object churn(int own) throws IOException {
    for (int round = 0; round < 60; round++) {
      Path file = here.resolve("f" + own);
      byte[] bytes = pattern(5000 + round * 100, own * 1000 + round);
      Files.write(file, bytes);
      Path moved = here.resolve("m" + own);
      Files.move(file, moved, StandardCopyOption.REPLACE_EXISTING);
      Path common = here.resolve("common");
      try {
        Files.createLink(common, moved);
      } catch (FileAlreadyExistsException _) {
        Files.deleteIfExists(common);
      }
      assertThat(Files.readAllBytes(moved)).isEqualTo(bytes);
      Path sub = Files.createDirectory(here.resolve("d" + own));
      Files.move(moved, sub.resolve("x"));
      Files.delete(sub.resolve("x"));
      Files.delete(sub);
    }
    Files.deleteIfExists(here.resolve("common"));
    return true;
  }

  @Test
  void specialFilesOpenAsTheKernelOpensThem() throws Exception {
    Path fifo = here.resolve("fifo");
    MountedImage.run(0, List.of("mkfifo", fifo.toString()));
    MountedImage.run(0, List.of("mknod", here.resolve("null").toString(), "c", "1", "3"));
    String text =
        MountedImage.run(
            0, List.of("sh", "-c", "echo through >\"$0\" & cat \"$0\"; wait", fifo.toString()));
    assertThat(text).isEqualTo("through\n");
    Files.writeString(here.resolve("null"), "gone");
    assertThat(Files.readAllBytes(here.resolve("null"))).isEmpty();
  }

  @Test
  void attributesOfUsersHaveRoomForABlock() throws IOException {
    Path a = Files.createFile(here.resolve("a"));
    Files.setAttribute(a, "user:colour", ByteBuffer.wrap(new byte[] {7}));
    assertThat((byte[]) Files.getAttribute(a, "user:colour")).containsExactly(7);
    assertThatThrownBy(() -> Files.setAttribute(a, "user:large", ByteBuffer.allocate(4096)))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("No space left");
  }

  @Test
  void chattrProtectsAFile() throws Exception {
    Path a = Files.createFile(here.resolve("a"));
    MountedImage.run(0, List.of("chattr", "+i", a.toString()));
    assertThat(MountedImage.run(0, List.of("lsattr", a.toString()))).contains("i");
    assertThatThrownBy(() -> Files.delete(a)).isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> Files.writeString(a, "x")).isInstanceOf(FileSystemException.class);
    MountedImage.run(0, List.of("chattr", "-i", a.toString()));
    Files.delete(a);
  }

  @Test
  void aNameThatIsNoTextIsANameLikeOthers() throws Exception {
    MountedImage.run(
        0,
        List.of(
            "sh",
            "-c",
            "cd \"$0\" && n=$(printf '\\377x') && echo a >\"$n\" && mv \"$n\" b",
            here.toString()));
    assertThat(Files.readString(here.resolve("b"))).isEqualTo("a\n");
  }

  @Test
  void statfsFollowsWhatIsUsed() throws IOException {
    long free = Files.getFileStore(here).getUnallocatedSpace();
    Files.write(here.resolve("a"), new byte[1 << 20]);
    assertThat(Files.getFileStore(here).getUnallocatedSpace()).isEqualTo(free - (257 << 12));
  }
}
