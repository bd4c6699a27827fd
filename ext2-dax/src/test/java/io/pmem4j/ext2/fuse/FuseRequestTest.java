// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Stat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Requests and answers in memory, as the kernel would write and read them. */
class FuseRequestTest {
  private final MemorySegment in = Arena.ofAuto().allocate(8192, 8);
  private final MemorySegment out = Arena.ofAuto().allocate(8192, 8);
  private final FuseRequest request = new FuseRequest(in);
  private final FuseReply reply = new FuseReply(out, 1024);
  private FuseSession session = new FuseSession(false, false);

  private void receive(int opcode, long arguments) {
    in.set(ValueLayout.JAVA_INT, 0, (int) (FuseRequest.HEADER_BYTES + arguments));
    in.set(ValueLayout.JAVA_INT, FuseStructs.IN_HEADER_OPCODE, opcode);
    in.set(ValueLayout.JAVA_LONG, FuseStructs.IN_HEADER_UNIQUE, 77);
    request.received(FuseRequest.HEADER_BYTES + arguments);
    reply.begin();
  }

  @Test
  void namesFollowTheArgumentsAndNeedNotBeText() {
    byte[] names = {'a', (byte) 0xff, 0, '\n', 0};
    MemorySegment.copy(
        names, 0, in, ValueLayout.JAVA_BYTE, FuseRequest.HEADER_BYTES + 8, names.length);
    receive(Opcode.RENAME, 8 + names.length);
    request.namesAfter(8);
    assertThat(request.name()).containsExactly('a', 0xff);
    assertThat(request.name()).containsExactly('\n');
  }

  @Test
  void aRequestIsWholeIfItsLengthIsWhatWasRead() {
    receive(Opcode.STATFS, 0);
    assertThat(request.isWhole()).isTrue();
    request.received(FuseRequest.HEADER_BYTES + 1);
    assertThat(request.isWhole()).isFalse();
    request.received(3);
    assertThat(request.isWhole()).isFalse();
  }

  @Test
  void theRootIsOneForTheKernelAndTwoInTheFileSystem() {
    assertThat(FuseReply.node(2)).isEqualTo(1);
    assertThat(NameRequests.ino(1)).isEqualTo(2);
    assertThat(FuseReply.node(-2)).isEqualTo(0xfffffffeL);
    assertThat(NameRequests.ino(0xfffffffeL)).isEqualTo(-2);
  }

  @Test
  void anAnswerWithAnErrorHasNoBody() {
    reply.begin();
    reply.append(100);
    reply.finish(5, 28);
    assertThat(reply.length()).isEqualTo(16);
    assertThat(out.get(ValueLayout.JAVA_INT, 0)).isEqualTo(16);
    assertThat(out.get(ValueLayout.JAVA_INT, FuseStructs.OUT_HEADER_ERROR)).isEqualTo(-28);
    assertThat(out.get(ValueLayout.JAVA_LONG, FuseStructs.OUT_HEADER_UNIQUE)).isEqualTo(5);
  }

  @Test
  void anEntryOverwritesWhatAnEarlierAnswerLeft() {
    out.fill((byte) 0xff);
    reply.begin();
    reply.entry(new Stat(12, 0100644, 1, 3, 4, 5, 8, -1, 7, 8, 9, 0));
    reply.finish(1, 0);
    long at = FuseReply.HEADER_BYTES;
    assertThat(out.get(ValueLayout.JAVA_LONG, at + FuseStructs.ENTRY_OUT_NODEID)).isEqualTo(12);
    assertThat(out.get(ValueLayout.JAVA_LONG, at + FuseStructs.ENTRY_OUT_GENERATION)).isEqualTo(9);
    long attributes = at + FuseStructs.ENTRY_OUT_ATTR;
    assertThat(out.get(ValueLayout.JAVA_LONG, attributes + FuseStructs.ATTR_ATIME)).isEqualTo(-1);
    assertThat(out.get(ValueLayout.JAVA_INT, attributes + FuseStructs.ATTR_RDEV)).isZero();
    assertThat(out.get(ValueLayout.JAVA_INT, attributes + 80)).as("blksize").isEqualTo(1024);
    assertThat(reply.length()).isEqualTo(16 + 128);
  }

  /** Answers an INIT of a kernel that offers io_uring, and returns the errno. */
  private int init(int major, int minor, int flags) {
    return init(major, minor, flags, -1);
  }

  private int init(int major, int minor, int flags, int flags2) {
    long at = FuseRequest.HEADER_BYTES;
    in.set(ValueLayout.JAVA_INT, at + FuseStructs.INIT_IN_FLAGS2, flags2);
    in.set(ValueLayout.JAVA_INT, at + FuseStructs.INIT_IN_MAJOR, major);
    in.set(ValueLayout.JAVA_INT, at + FuseStructs.INIT_IN_MINOR, minor);
    in.set(ValueLayout.JAVA_INT, at + FuseStructs.INIT_IN_FLAGS, flags);
    receive(Opcode.INIT, FuseStructs.INIT_IN.byteSize());
    return FuseInit.answer(request, reply, session);
  }

  private int answered(long field) {
    return out.get(ValueLayout.JAVA_INT, FuseReply.HEADER_BYTES + field);
  }

  @Test
  void initTakesTheOlderVersionAndNoFlagThatTheKernelLacks() {
    assertThat(init(7, 45, -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_MINOR)).isEqualTo(42);
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS) & (1 << 16)).as("writeback cache").isZero();
    assertThat(answered(FuseStructs.INIT_OUT_TIME_GRAN)).isEqualTo(1_000_000_000);
    assertThat(init(7, 34, 1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_MINOR)).isEqualTo(34);
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS)).isEqualTo(1);
  }

  @Test
  void initAsksForAccessControlListsWhereTheMountHasThem() {
    assertThat(init(7, 45, -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS) & (1 << 20)).isZero();
    assertThat(session.extendedSetxattr()).isTrue();
    session = new FuseSession(true, false);
    assertThat(init(7, 45, ~(1 << 29))).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS) & (1 << 20)).isNotZero();
    assertThat(session.extendedSetxattr()).isFalse();
  }

  @Test
  void initTakesIoUringIfTheMountIsReadyForIt() {
    assertThat(init(7, 45, -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS) & (1 << 30)).as("more flags").isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS2)).isZero();
    session.settled();
    assertThat(session.awaitsRings()).isFalse();
    session = new FuseSession(false, true);
    assertThat(init(7, 45, -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS) & (1 << 30)).as("more flags").isNotZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS2)).as("io_uring alone").isEqualTo(1 << 9);
    session.settled();
    assertThat(session.awaitsRings()).isTrue();
  }

  @Test
  void initTakesNoIoUringFromAKernelThatDoesNotOfferIt() {
    session = new FuseSession(false, true);
    assertThat(init(7, 45, -1, ~(1 << 9))).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS2)).isZero();
    // Without this flag the kernel has not stored the other word.
    assertThat(init(7, 45, ~(1 << 30), -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_FLAGS2)).isZero();
    session.settled();
    assertThat(session.awaitsRings()).isFalse();
  }

  /** As fs/fuse/dev_uring.c stores it: arguments at byte 128, the rest in memory of its own. */
  @Test
  void aRequestInARingHasItsNamesApartFromItsArguments() {
    MemorySegment payload = Arena.ofAuto().allocate(4096, 8);
    FuseRequest inRing = FuseRequest.inRing(in, payload);
    byte[] names = {'a', 0, 'b', 'c', 0, 1, 2};
    MemorySegment.copy(names, 0, payload, ValueLayout.JAVA_BYTE, 0, names.length);
    in.set(ValueLayout.JAVA_INT, 0, (int) FuseRequest.HEADER_BYTES + 16 + names.length);
    in.set(ValueLayout.JAVA_INT, FuseStructs.IN_HEADER_OPCODE, Opcode.RENAME2);
    in.set(ValueLayout.JAVA_LONG, 128 + FuseStructs.RENAME2_IN_NEWDIR, 77);
    in.set(ValueLayout.JAVA_INT, 128 + FuseStructs.RENAME2_IN_FLAGS, 5);
    inRing.receivedInRing();
    assertThat(inRing.isWhole()).isTrue();
    assertThat(inRing.opcode()).isEqualTo(Opcode.RENAME2);
    assertThat(inRing.u64(FuseStructs.RENAME2_IN_NEWDIR)).isEqualTo(77);
    assertThat(inRing.u32(FuseStructs.RENAME2_IN_FLAGS)).isEqualTo(5);
    inRing.namesAfter(FuseStructs.RENAME2_IN.byteSize());
    assertThat(inRing.name()).containsExactly('a');
    assertThat(inRing.name()).containsExactly('b', 'c');
    assertThat(inRing.rest(2).toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2);
    assertThat(inRing.data(40, 1).toArray(ValueLayout.JAVA_BYTE)).containsExactly('a');
  }

  @Test
  void ringsAreForCpusWithoutGaps() {
    assertThat(FuseRings.cpus("0")).isEqualTo(1);
    assertThat(FuseRings.cpus("0-15")).isEqualTo(16);
    assertThat(FuseRings.cpus("0-3,8")).isZero();
    assertThat(FuseRings.cpus("1-3")).isZero();
    assertThat(FuseRings.cpus("")).isZero();
  }

  @Test
  void initRefusesAnOldKernelAndAsksANewOneForOurVersion() {
    assertThat(init(7, 30, -1)).isEqualTo(71);
    assertThat(init(6, 99, -1)).isEqualTo(71);
    assertThat(init(8, 0, -1)).isZero();
    assertThat(answered(FuseStructs.INIT_OUT_MAJOR)).isEqualTo(7);
  }

  @Test
  void optionsOfTheMountAndOfTheFileSystemAreToldApart() throws Exception {
    FuseOptions options =
        FuseOptions.parse("ro,nosuid,suid,nodev,noatime,x-systemd.after=a,nofail");
    assertThat(options.readOnly()).isTrue();
    assertThat(options.flags()).isEqualTo(KernelCalls.MS_RDONLY | KernelCalls.MS_NODEV);
    assertThat(options.mount().dax()).isTrue();
    assertThat(options.ioUring()).isTrue();
    assertThat(FuseOptions.parse("io_uring,no_io_uring,ro").asReadOnly().ioUring()).isFalse();
    Assertions.assertThatThrownBy(() -> FuseOptions.parse("suid,colour=red"))
        .isInstanceOfSatisfying(
            Ext2Exception.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
        .hasMessageContaining("colour=red");
  }

  @Test
  void aNameThatIsNotUtf8IsKeptByteByByte() {
    byte[] bytes = "\u00e9".getBytes(StandardCharsets.ISO_8859_1);
    receive(Opcode.LOOKUP, 2);
    in.set(ValueLayout.JAVA_BYTE, FuseRequest.HEADER_BYTES, bytes[0]);
    in.set(ValueLayout.JAVA_BYTE, FuseRequest.HEADER_BYTES + 1, (byte) 0);
    assertThat(request.name()).isEqualTo(bytes);
  }
}
