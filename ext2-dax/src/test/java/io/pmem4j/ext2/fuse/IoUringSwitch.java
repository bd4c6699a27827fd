// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * The kernel offers io_uring to new mounts while this is open. The setting is the machine's: a lock
 * keeps the JVMs of several tests apart, and closing puts it back.
 */
final class IoUringSwitch implements AutoCloseable {
  private static final Path SETTING = Path.of("/sys/module/fuse/parameters/enable_uring");

  private static final Path FORBIDDEN = Path.of("/proc/sys/kernel/io_uring_disabled");

  private static final int MOST_BYTES = 8;

  private final FileChannel channel;
  private final Thread atExit = new Thread(this::restore, "restore");
  private final byte[] before;

  /** Returns why this machine cannot have FUSE over io_uring; empty if it can. */
  static String reasonAgainst() {
    if (!Files.exists(SETTING)) {
      return "the kernel has no " + SETTING;
    }
    if (!Files.isWritable(SETTING)) {
      return SETTING + " cannot be written";
    }
    return isForbidden() ? FORBIDDEN + " is not 0" : "";
  }

  private static boolean isForbidden() {
    try {
      return Files.exists(FORBIDDEN) && !Files.readString(FORBIDDEN).strip().equals("0");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  IoUringSwitch() throws IOException {
    channel = FileChannel.open(SETTING, StandardOpenOption.READ, StandardOpenOption.WRITE);
    channel.lock();
    // Through the channel: to close another descriptor of the file would end the lock.
    ByteBuffer value = ByteBuffer.allocate(MOST_BYTES);
    channel.read(value, 0);
    before = Arrays.copyOf(value.array(), value.position());
    Runtime.getRuntime().addShutdownHook(atExit);
    set("Y".getBytes(StandardCharsets.US_ASCII));
  }

  private void set(byte[] value) throws IOException {
    channel.write(ByteBuffer.wrap(value), 0);
  }

  private void restore() {
    try {
      set(before);
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    restore();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }
}
