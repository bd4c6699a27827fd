// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.dax.FaultEvent;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A mounted image with one open file and one address space. After each test everything is closed,
 * the volume unmounted, and e2fsck must find nothing but what the test says.
 */
abstract class OnImage {
  static final int P = 4096;
  static final int O_RDWR_CREAT = 0102;

  ImageFixture image;
  Ext2FileSystem fs;
  AddressSpace mm;
  OpenFile f;
  final List<Vma> vmas = new ArrayList<>();

  /** Set where the kernel leaks: e2fsck must find lost blocks then, and no more. */
  boolean losesBlocks;

  @BeforeEach
  void mount() throws Exception {
    image = new ImageFixture();
    fs = Ext2FileSystem.mount(image.region(), options(), instrumentation());
    mm = fs.newAddressSpace();
    f = fs.open("/f", O_RDWR_CREAT, 0644);
  }

  /** Returns the options of the mount. */
  MountOptions options() throws IOException {
    return image.options();
  }

  /** Returns the surroundings of the mount. */
  Instrumentation instrumentation() {
    return image.instrumentation();
  }

  @AfterEach
  void unmountAndJudge() throws Exception {
    if (image == null) {
      return;
    }
    try (ImageFixture judged = image) {
      for (Vma vma : vmas) {
        vma.mm().munmap(vma);
      }
      f.close();
      fs.unmount();
      if (losesBlocks) {
        judged.assertLostBlocks();
      } else {
        judged.assertClean();
      }
      assertThat(fs.errors()).isEmpty();
    }
  }

  Vma shared(OpenFile file, long length) throws IOException {
    return map(mm, file, length, AddressSpace.MAP_SHARED);
  }

  Vma map(AddressSpace space, OpenFile file, long length, int flags) throws IOException {
    Vma vma =
        space.mmap(
            file.mappable(), 0, length, AddressSpace.PROT_READ | AddressSpace.PROT_WRITE, flags);
    vmas.add(vma);
    return vma;
  }

  byte load(Vma vma, long offset) {
    return vma.mm().load(vma, offset, 1)[0];
  }

  void store(Vma vma, long offset, int value) {
    vma.mm().store(vma, offset, new byte[] {(byte) value});
  }

  byte read(OpenFile file, long position) throws IOException {
    byte[] one = new byte[1];
    assertThat(file.pread(position, one)).isEqualTo(1);
    return one[0];
  }

  static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** The canonical text of the events since the last call, without the inode number. */
  List<String> events() {
    return fs.trace().drain().stream()
        .map(FaultEvent::toString)
        .map(text -> text.replaceFirst(" ino=\\d+", ""))
        .toList();
  }

  String page(Vma vma, long index) {
    return vma.mm().pagemap(vma, index * P).toString();
  }

  void assertBusError(Vma vma, long offset, ThrowingCallable access) {
    assertThatThrownBy(access)
        .isInstanceOfSatisfying(
            SignalException.class,
            signal -> {
              assertThat(signal.signo()).isEqualTo(SignalException.SIGBUS);
              assertThat(signal.code()).isEqualTo(2);
              assertThat(signal.address()).isEqualTo(vma.start() + offset);
            });
  }

  static void assertErrno(Errno errno, ThrowingCallable operation) {
    assertThatThrownBy(operation)
        .isInstanceOfSatisfying(Ext2Exception.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
