// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PmemFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Locks of the channel against flock(1) of util-linux. It is no part of the contract, because the
 * root file system of a guest has no flock.
 */
@Timeout(120)
class ChannelLockTest {
  @TempDir(factory = Place.class)
  Path folder;

  @ParameterizedTest
  @EnumSource(names = {"JDK", "LIBPMEM"})
  void locksExcludeOtherProcesses(Backend backend) throws Exception {
    Path path = folder.resolve("file");
    try (PmemFile file = PmemFile.open(path, MapSpec.openOrCreateEmpty().backend(backend));
        FileChannel channel = file.channel()) {
      assertThat(flock("-n", path)).as("a second writer cannot be alone").isEqualTo(1);
      assertThat(flock("-sn", path)).isZero();
      FileLock lock = channel.lock();
      assertThat(lock.isValid()).isTrue();
      assertThat(flock("-sn", path)).isEqualTo(1);
      assertThatExceptionOfType(OverlappingFileLockException.class).isThrownBy(channel::tryLock);
      lock.release();
      assertThat(lock.isValid()).isFalse();
      assertThat(flock("-sn", path)).isZero();
      checkWhileHeldElsewhere(path, channel);
      try (FileLock again = channel.tryLock()) {
        assertThat(again).isNotNull();
      }
    }
  }

  private void checkWhileHeldElsewhere(Path path, FileChannel channel) throws Exception {
    Path held = folder.resolve("held");
    Process other =
        new ProcessBuilder("flock", "-s", path.toString(), "sh", "-c", "echo >" + held + "; read x")
            .start();
    try {
      while (!Files.exists(held)) {
        assertThat(other.isAlive()).isTrue();
        Thread.onSpinWait();
      }
      assertThat(channel.tryLock()).isNull();
      FileLock shared = channel.tryLock(0, Long.MAX_VALUE, true);
      assertThat(shared.isShared()).isTrue();
      shared.release();
    } finally {
      other.getOutputStream().close();
      other.waitFor();
    }
  }

  private static int flock(String options, Path path) throws Exception {
    return new ProcessBuilder("flock", options, path.toString(), "true").start().waitFor();
  }
}
