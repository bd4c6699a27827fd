// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PmemFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The channel over a growing file answers as the JDK's channel over an ordinary one. */
@Timeout(120)
abstract class ChannelContract {
  private static final int FAR = 3 << 20;

  @TempDir(factory = Place.class)
  Path folder;

  private Path path;
  private PmemFile file;
  private FileChannel channel;

  abstract Backend backend();

  @BeforeEach
  void open() throws Exception {
    path = folder.resolve("file");
    file = PmemFile.open(path, MapSpec.openOrCreateEmpty().backend(backend()));
    channel = file.channel();
  }

  @AfterEach
  void close() throws Exception {
    channel.close();
    file.close();
  }

  private static ByteBuffer random(SplittableRandom random, int length) {
    ByteBuffer bytes =
        random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
    while (bytes.hasRemaining()) {
      bytes.put((byte) random.nextInt());
    }
    return bytes.flip();
  }

  /** Random operations on both; every answer and the content are equal. */
  @Test
  void answersAsTheJdk() throws Exception {
    Path oracle = folder.resolve("oracle");
    try (FileChannel jdk =
        FileChannel.open(
            oracle, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (int seed = 0; seed < Rounds.of(1_500, 100); seed++) {
        String ours = step(channel, new SplittableRandom(seed));
        assertThat(ours).as("step %d", seed).isEqualTo(step(jdk, new SplittableRandom(seed)));
      }
      channel.force(true);
    }
    assertThat(Files.mismatch(path, oracle)).isEqualTo(-1);
    assertThat(Files.size(path)).isGreaterThan(1 << 17);
  }

  private static String step(FileChannel channel, SplittableRandom random) throws Exception {
    long offset = random.nextInt(20) == 0 ? random.nextInt(FAR) : random.nextInt(FAR / 16);
    int length = random.nextInt(4) == 0 ? random.nextInt(70_000) : random.nextInt(300);
    return switch (random.nextInt(14)) {
      case 0, 1, 2 -> "write " + channel.write(random(random, length), offset);
      case 3 -> "append " + channel.position(channel.size()).write(random(random, length));
      case 4, 5 -> {
        ByteBuffer target = ByteBuffer.allocate(length);
        int read = channel.read(target, offset);
        yield "read " + read + " " + target.flip().hashCode();
      }
      case 6 -> {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        int read = channel.read(target);
        yield "next " + read + " " + target.flip().hashCode() + " " + channel.position();
      }
      case 7 -> "at " + channel.position(offset).position();
      case 8 -> {
        ByteBuffer[] targets = {ByteBuffer.allocate(10), ByteBuffer.allocate(length)};
        long read = channel.read(targets);
        yield "scatter " + read + " " + targets[0].flip() + targets[1].flip().hashCode();
      }
      case 9 ->
          "gather "
              + channel.write(new ByteBuffer[] {random(random, 5), random(random, length)})
              + " "
              + channel.position();
      case 10 -> {
        if (random.nextInt(6) == 0) {
          channel.truncate(Math.max(offset, FAR / 32));
        }
        yield "size " + channel.size() + " " + channel.position();
      }
      case 11 -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long sent = channel.transferTo(offset, length, Channels.newChannel(out));
        yield "to " + sent + " " + java.util.Arrays.hashCode(out.toByteArray());
      }
      case 12 -> {
        byte[] bytes = new byte[length];
        random(random, length).get(bytes);
        yield "from "
            + channel.transferFrom(
                Channels.newChannel(new ByteArrayInputStream(bytes)), offset, length + 10);
      }
      default -> {
        channel.force(random.nextBoolean());
        yield "forced";
      }
    };
  }

  @Test
  void aTruncationOfTheFileIsNoticed() throws Exception {
    channel.write(ByteBuffer.wrap(new byte[FAR]), 0);
    channel.force(true);
    file.truncate(100);
    ByteBuffer target = ByteBuffer.allocate(200);
    assertThat(channel.read(target, 0)).isEqualTo(100);
    assertThat(channel.read(target, 100)).isEqualTo(-1);
    channel.write(ByteBuffer.wrap(new byte[] {1, 2}), 99);
    channel.force(false);
    assertThat(path).hasSize(101);
    assertThat(Files.readAllBytes(path)).endsWith(0, 1, 2);
  }

  @Test
  void anInterruptDoesNotClose() throws Exception {
    Thread.currentThread().interrupt();
    try {
      channel.write(ByteBuffer.wrap(new byte[5000]), 0);
      channel.force(true);
      assertThat(channel.read(ByteBuffer.allocate(10), 4995)).isEqualTo(5);
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
    assertThat(channel.isOpen()).isTrue();
  }

  @Test
  void refusals() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> channel.read(ByteBuffer.allocate(1), -1));
    assertThatIllegalArgumentException().isThrownBy(() -> channel.position(-1));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> channel.map(FileChannel.MapMode.READ_ONLY, 0, 1));
    channel.write(ByteBuffer.wrap(new byte[] {1}), 0);
    MapSpec reader = MapSpec.existing().readOnly().backend(backend());
    try (PmemFile readOnly = PmemFile.open(path, reader);
        FileChannel reading = readOnly.channel()) {
      assertThat(reading.read(ByteBuffer.allocate(3))).isEqualTo(1);
      assertThatExceptionOfType(NonWritableChannelException.class)
          .isThrownBy(() -> reading.write(ByteBuffer.allocate(1)));
      assertThatExceptionOfType(NonWritableChannelException.class)
          .isThrownBy(() -> reading.truncate(0));
    }
    channel.close();
    for (ThrowingCall call :
        new ThrowingCall[] {
          () -> channel.read(ByteBuffer.allocate(1)),
          () -> channel.write(ByteBuffer.allocate(1)),
          channel::size,
          channel::position,
          () -> channel.force(true),
          channel::tryLock
        }) {
      assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(call::run);
    }
  }

  private interface ThrowingCall {
    void run() throws Exception;
  }
}
