// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.UserBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The calls on inodes by number: references, names that are bytes, what needs no path. */
class InodeOperationsTest extends OnImage {
  private static final int ROOT = InodeOperations.ROOT;
  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_EXCL = 0200;
  private static final int O_TMPFILE = 020200000;
  private static final int O_WRONLY_APPEND = 02001;

  private InodeOperations inodes;

  @BeforeEach
  void begin() {
    inodes = fs.inodes();
  }

  @AfterEach
  void forgetAll() throws Exception {
    inodes.forgetAll();
  }

  private static byte[] name(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void anUnlinkedInodeLivesUntilItsLastReferenceIsGone() throws Exception {
    int ino = inodes.mknod(ROOT, name("a"), 0100644, 0, 0).ino();
    assertThat(inodes.lookup(ROOT, name("a")).ino()).isEqualTo(ino);
    long free = fs.use().freeFiles();
    inodes.unlink(ROOT, name("a"));
    inodes.forget(ino, 1);
    assertThat(inodes.awaitsForget()).isTrue();
    assertThat(inodes.stat(ino).nlink()).isZero();
    assertThat(fs.use().freeFiles()).isEqualTo(free);
    inodes.forget(ino, 1);
    assertThat(fs.use().freeFiles()).isEqualTo(free + 1);
    assertErrno(Errno.ESTALE, () -> inodes.stat(ino));
  }

  @Test
  void aFileWithoutANameMayGetOneAndOnlyOnce() throws Exception {
    long free = fs.use().freeFiles();
    InodeOperations.Created made = inodes.createUnnamed(ROOT, O_RDWR | O_TMPFILE, 0640);
    int ino = made.stat().ino();
    try (OpenFile file = made.file()) {
      assertThat(made.stat().nlink()).isZero();
      assertThat(made.stat().mode()).isEqualTo(0100640);
      assertThat(file.pwrite(0, bytes(P, 7))).isEqualTo(P);
      assertThat(inodes.link(ino, ROOT, name("a")).nlink()).isEqualTo(1);
      assertThat(inodes.lookup(ROOT, name("a")).ino()).isEqualTo(ino);
      inodes.unlink(ROOT, name("a"));
      assertErrno(Errno.ENOENT, () -> inodes.link(ino, ROOT, name("b")));
    }
    inodes.forget(ino, 3);
    assertThat(fs.use().freeFiles()).isEqualTo(free);
  }

  @Test
  void aFileWithoutANameStaysSoIfItWasAskedFor() throws Exception {
    long free = fs.use().freeFiles();
    InodeOperations.Created made = inodes.createUnnamed(ROOT, O_RDWR | O_TMPFILE | O_EXCL, 0640);
    assertErrno(Errno.ENOENT, () -> inodes.link(made.stat().ino(), ROOT, name("a")));
    made.file().close();
    inodes.forget(made.stat().ino(), 1);
    assertThat(fs.use().freeFiles()).isEqualTo(free);
  }

  @Test
  void anOpenFileOutlivesNamesAndReferences() throws Exception {
    InodeOperations.Created made = inodes.create(ROOT, name("a"), O_RDWR, 0600);
    long free = fs.use().freeFiles();
    try (OpenFile file = made.file()) {
      inodes.unlink(ROOT, name("a"));
      inodes.forget(made.stat().ino(), 1);
      assertThat(file.pwrite(0, bytes(P, 7))).isEqualTo(P);
      assertThat(inodes.awaitsForget()).isFalse();
      assertThat(fs.use().freeFiles()).isEqualTo(free);
    }
    assertThat(fs.use().freeFiles()).isEqualTo(free + 1);
  }

  @Test
  void aNumberWithoutAReferenceIsStaleButTheRoot() throws Exception {
    assertErrno(Errno.ESTALE, () -> inodes.stat(11));
    assertErrno(Errno.ESTALE, () -> inodes.lookup(11, name("a")));
    assertErrno(Errno.ESTALE, () -> inodes.open(11, O_RDONLY));
    inodes.forget(ROOT, 5);
    assertThat(inodes.stat(ROOT).ino()).isEqualTo(ROOT);
  }

  @Test
  void namesAreBytes() throws Exception {
    byte[] odd = {(byte) 0xff, (byte) 0xc3, '\n'};
    int ino = inodes.mkdir(ROOT, odd, 0755).ino();
    assertThat(inodes.lookup(ROOT, odd).ino()).isEqualTo(ino);
    assertErrno(Errno.EEXIST, () -> inodes.mkdir(ROOT, odd, 0755));
    byte[] target = {(byte) 0xfe};
    int link = inodes.symlink(ino, odd, target).ino();
    assertThat(inodes.readlink(link)).isEqualTo(target);
    try (OpenFile directory = inodes.open(ino, O_RDONLY)) {
      assertThat(directory.readDirectory(0, 10).getLast().nameBytes()).isEqualTo(odd);
    }
  }

  @Test
  void aNameTooLongIsRefusedInBytes() throws Exception {
    byte[] longest = new byte[255];
    Arrays.fill(longest, (byte) 0xe9);
    inodes.mknod(ROOT, longest, 0100644, 0, 0);
    byte[] longer = new byte[256];
    Arrays.fill(longer, (byte) 0xe9);
    assertErrno(Errno.ENAMETOOLONG, () -> inodes.mknod(ROOT, longer, 0100644, 0, 0));
  }

  @Test
  void renameGoesFromOneDirectoryToAnother() throws Exception {
    int a = inodes.mkdir(ROOT, name("a"), 0755).ino();
    int b = inodes.mkdir(ROOT, name("b"), 0755).ino();
    int file = inodes.mknod(a, name("x"), 0100644, 0, 0).ino();
    inodes.rename(a, name("x"), b, name("y"), 0);
    assertErrno(Errno.ENOENT, () -> inodes.lookup(a, name("x")));
    assertThat(inodes.lookup(b, name("y")).ino()).isEqualTo(file);
    assertErrno(Errno.EINVAL, () -> inodes.rename(b, name("y"), ROOT, name("a"), 2));
    inodes.mknod(a, name("x"), 0100644, 0, 0);
    assertErrno(Errno.EEXIST, () -> inodes.rename(b, name("y"), a, name("x"), 1));
    assertErrno(Errno.EINVAL, () -> inodes.rename(ROOT, name("a"), a, name("z"), 0));
  }

  @Test
  void aLinkAddsANameAndAReference() throws Exception {
    int file = inodes.mknod(ROOT, name("x"), 0100644, 0, 0).ino();
    assertThat(inodes.link(file, ROOT, name("y")).nlink()).isEqualTo(2);
    inodes.forget(file, 1);
    assertThat(inodes.stat(file).nlink()).isEqualTo(2);
    int directory = inodes.mkdir(ROOT, name("d"), 0755).ino();
    assertErrno(Errno.EPERM, () -> inodes.link(directory, ROOT, name("z")));
  }

  @Test
  void devicesTellTheirNumbers() throws Exception {
    assertThat(inodes.mknod(ROOT, name("n"), 0020644, 1, 3).device()).isEqualTo(0x103);
    assertThat(inodes.mknod(ROOT, name("w"), 0060644, 259, 70_000).device())
        .isEqualTo((70_000 & 0xff) | (259 << 8) | ((70_000 & ~0xff) << 12));
    assertThat(inodes.mknod(ROOT, name("p"), 0010644, 9, 9).device()).isZero();
  }

  @Test
  void attributesAreSetTogetherAndTheOthersStay() throws Exception {
    int file = inodes.mknod(ROOT, name("x"), 0104755, 0, 0).ino();
    image.clock.addAndGet(10);
    Stat stat = inodes.setAttributes(file, 0640, 7, null, 10L, 5L, null);
    assertThat(stat.mode()).isEqualTo(0100640);
    assertThat(List.of(stat.uid(), stat.gid())).containsExactly(7, 0);
    assertThat(stat.size()).isEqualTo(10);
    assertThat(stat.atime()).isEqualTo(5);
    assertThat(stat.ctime()).isEqualTo(image.clock.get());
    assertThat(inodes.setAttributes(file, null, null, null, null, Long.MAX_VALUE, -9L))
        .extracting(Stat::atime, Stat::mtime)
        .containsExactly(image.clock.get(), -9L);
    image.clock.addAndGet(10);
    assertThat(inodes.setAttributes(file, null, null, null, null, null, null).ctime())
        .isEqualTo(image.clock.get());
  }

  @Test
  void immutableAndAppendOnlyFilesAreProtectedWhoeverAsks() throws Exception {
    int file = inodes.mknod(ROOT, name("x"), 0100644, 0, 0).ino();
    inodes.setFlags(file, 0x20);
    assertThat(inodes.flags(file) & 0x30).isEqualTo(0x20);
    assertErrno(Errno.EPERM, () -> inodes.open(file, O_RDWR));
    inodes.open(file, O_WRONLY_APPEND).close();
    assertErrno(Errno.EPERM, () -> inodes.setAttributes(file, null, null, null, 0L, null, null));
    inodes.setFlags(file, 0x10);
    assertErrno(Errno.EPERM, () -> inodes.unlink(ROOT, name("x")));
    assertErrno(
        Errno.EPERM,
        () -> inodes.setAttributes(file, null, null, null, null, Long.MAX_VALUE, null));
    inodes.setFlags(file, 0);
    inodes.unlink(ROOT, name("x"));
  }

  /** A page that the kernel writes back goes to its place, whichever open file it goes through. */
  @Test
  void thePositionOfAWriteHoldsWithAppendToo() throws Exception {
    InodeOperations.Created made = inodes.create(ROOT, name("a"), O_WRONLY_APPEND, 0600);
    try (OpenFile file = made.file()) {
      file.pwrite(0, UserBuffer.of(bytes(P, 1)));
      file.pwrite(0, UserBuffer.of(bytes(10, 2)));
    }
    assertThat(inodes.stat(made.stat().ino()).size()).isEqualTo(P);
  }

  @Test
  void newFilesBelongToTheirMakerAndTheGroupOfASetGidDirectory() throws Exception {
    InodeOperations user = inodes.as(Credentials.user(1000, 1001));
    int directory = inodes.mkdir(ROOT, name("d"), 0777).ino();
    inodes.setAttributes(directory, 02777, null, 50, null, null, null);
    InodeOperations judged =
        user.as(new Credentials(1000, 1001, Set.of(), Credentials.ROOT.capabilities()));
    Stat made = judged.mkdir(directory, name("e"), 0755);
    assertThat(List.of(made.uid(), made.gid())).containsExactly(1000, 50);
    assertThat(made.mode()).isEqualTo(0042755);
  }

  /** Names come and go on several threads; every count is right at the end. */
  @Test
  void threadsShareDirectoriesAndReferences() throws Exception {
    int threads = 4;
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<?>> ends = new ArrayList<>();
    long files = fs.use().freeFiles();
    int directory = inodes.mkdir(ROOT, name("shared"), 0755).ino();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < threads; i++) {
        int own = i;
        ends.add(
            executor.submit(
                (Callable<Object>)
                    () -> {
                      start.await();
                      for (int round = 0; round < 300; round++) {
                        churn(directory, own, round);
                      }
                      return true;
                    }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    }
    assertThat(inodes.stat(directory).nlink()).isEqualTo(2);
    inodes.rmdir(ROOT, name("shared"));
    inodes.forget(directory, 1);
    assertThat(fs.use().freeFiles()).isEqualTo(files);
  }

  private void churn(int directory, int own, int round) throws Ext2Exception {
    byte[] mine = name("f" + own);
    byte[] common = name("common" + round % 3);
    InodeOperations.Created made = inodes.create(directory, mine, O_RDWR, 0644);
    int ino = made.stat().ino();
    try (OpenFile file = made.file()) {
      file.pwrite(0, bytes(P, own));
      ignoring(Errno.EEXIST, () -> forget(inodes.link(ino, directory, common)));
      ignoring(Errno.ENOENT, () -> forget(inodes.lookup(directory, common)));
      ignoring(Errno.ENOENT, () -> inodes.rename(directory, common, directory, mine, 0));
    }
    ignoring(Errno.ENOENT, () -> inodes.unlink(directory, mine));
    ignoring(Errno.ENOENT, () -> inodes.unlink(directory, common));
    inodes.forget(ino, 1);
    forget(inodes.mkdir(directory, name("d" + own), 0755));
    inodes.rmdir(directory, name("d" + own));
  }

  private void forget(Stat stat) throws Ext2Exception {
    inodes.forget(stat.ino(), 1);
  }

  private interface Action {
    void run() throws Ext2Exception;
  }

  private static void ignoring(Errno errno, Action action) throws Ext2Exception {
    try {
      action.run();
    } catch (Ext2Exception e) {
      if (e.errno() != errno) {
        throw e;
      }
    }
  }
}
