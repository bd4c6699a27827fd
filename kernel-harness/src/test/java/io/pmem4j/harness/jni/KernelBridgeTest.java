// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same operations through the library and through the child. */
class KernelBridgeTest {
  private static final int O_RDWR_CREAT = 0102;
  private static final int ENOENT = 2;
  private static final int SIGBUS = 7;
  private static final int BUS_ADRERR = 2;
  private static final int SIGSEGV = 11;
  private static final int SEGV_ACCERR = 2;
  private static final int PAGE = 4096;

  @TempDir private Path directory;

  private void exercise(OperationCore core) throws IOException {
    String path = directory.resolve("file").toString();
    assertThat(core.run(Request.of(Syscall.OPEN, 0, 0, 0).withStrings(path)).errno())
        .isEqualTo(ENOENT);
    assertThat(core.run(Request.of(Syscall.OPEN, 0, O_RDWR_CREAT, 0644).withStrings(path)).result())
        .isZero();
    assertThat(core.run(Request.of(Syscall.PWRITE, 0, 10).withBlob(new byte[] {7})).result())
        .isOne();
    assertThat(Files.size(Path.of(path))).isEqualTo(11);

    Response mapped = core.run(Request.of(Syscall.MMAP, 0, 0, 0, 2 * PAGE, 3, 1, 0));
    assertThat(core.run(Request.of(Syscall.LOAD, 0, 9, 2)).data()).containsExactly(0, 7);
    assertThat(core.run(Request.of(Syscall.STORE, 0, 0).withBlob(new byte[] {5})).result()).isOne();
    assertThat(core.run(Request.of(Syscall.PREAD, 0, 0, 1)).data()).containsExactly(5);
    assertThat(core.run(Request.of(Syscall.PAGEMAP, 0, 0)).result()).as("present").isNegative();
    assertThat(core.run(Request.of(Syscall.PAGEMAP, 0, PAGE)).result()).isZero();

    Response beyond = core.run(Request.of(Syscall.LOAD, 0, PAGE + 5, 1));
    assertThat(beyond.signo()).isEqualTo(SIGBUS);
    assertThat(beyond.sicode()).isEqualTo(BUS_ADRERR);
    assertThat(beyond.faultAddress()).isEqualTo(mapped.result() + PAGE + 5);

    Response readOnly = core.run(Request.of(Syscall.MMAP, 1, 0, 0, PAGE, 1, 1, 0));
    Response refused = core.run(Request.of(Syscall.STORE, 1, 3).withBlob(new byte[] {1}));
    assertThat(refused.signo()).isEqualTo(SIGSEGV);
    assertThat(refused.sicode()).isEqualTo(SEGV_ACCERR);
    assertThat(refused.faultAddress()).isEqualTo(readOnly.result() + 3);

    assertThat(core.run(Request.of(Syscall.CLOSE, 0).withClock(1)).status())
        .as("this machine's clock is not set")
        .isNotZero();
    assertThat(core.run(Request.of(WireOp.MOUNT, 0).withStrings("a", "b", "c", "d")).status())
        .as("a guest's operation")
        .isNotZero();
    assertThat(core.run(Request.of(Syscall.CLOSE, 1)).errno())
        .as("EBADF: nothing open there")
        .isEqualTo(9);
    assertThat(core.run(Request.of(Syscall.CLOSE, 64)).status()).as("no such slot").isNotZero();
  }

  @Test
  void inThisProcess() throws IOException {
    try (KernelBridge bridge = KernelBridge.open()) {
      exercise(bridge);
    }
  }

  @Test
  void inAChild() throws IOException {
    try (ChildCore child = ChildCore.start(Duration.ofSeconds(20))) {
      assertThat(child.pid()).isNotEqualTo(ProcessHandle.current().pid());
      exercise(child);
    }
  }

  @Test
  void aClosedBridgeLeavesNoFileOpen() throws IOException {
    Path file = Files.createFile(directory.resolve("left"));
    KernelBridge bridge = KernelBridge.open();
    bridge.run(Request.of(Syscall.OPEN, 3, 2, 0).withStrings(file.toString()));
    bridge.run(Request.of(Syscall.MMAP, 3, 3, 0, PAGE, 1, 1, 0));
    assertThat(usesOf(file)).isEqualTo(2);
    bridge.close();
    bridge.close();
    assertThat(usesOf(file)).isZero();
    assertThatThrownBy(() -> bridge.run(Request.of(Syscall.SYNC)))
        .isInstanceOf(IllegalStateException.class);
  }

  /** Descriptors and mappings of this process that lead to a file. */
  private static long usesOf(Path file) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(descriptor -> leadsTo(descriptor, file)).count()
          + Files.readAllLines(Path.of("/proc/self/maps")).stream()
              .filter(line -> line.endsWith(" " + file))
              .count();
    }
  }

  private static boolean leadsTo(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException e) {
      return false; // closed since it was listed
    }
  }

  @Test
  void tasksRunBesideTheirParent() throws IOException {
    try (ChildCore child = ChildCore.start(Duration.ofSeconds(20))) {
      String path = directory.resolve("shared").toString();
      child.run(Request.of(Syscall.OPEN, 0, O_RDWR_CREAT, 0644).withStrings(path));
      Response task = child.run(Request.of(WireOp.TASK_START, 1, 0));
      assertThat(task.result()).isPositive().isNotEqualTo(child.pid());
      Response told =
          child.run(
              Request.of(WireOp.TASK_OP, 1)
                  .withBlob(Request.of(Syscall.PWRITE, 0, 0).withBlob(new byte[] {1, 2}).encode()));
      assertThat(told.result()).isZero();
      Response done = child.run(Request.of(WireOp.TASK_WAIT, 1, 10_000));
      assertThat(Response.decode(done.data()).result()).isEqualTo(2);
      assertThat(Files.size(Path.of(path))).isEqualTo(2);
    }
  }

  @Test
  void aChildThatDiesIsReported() throws IOException {
    try (ChildCore child = ChildCore.start(Duration.ofSeconds(20))) {
      ProcessHandle.of(child.pid()).orElseThrow().destroyForcibly();
      assertThatThrownBy(
              () -> {
                // The signal may take effect only after a first answer.
                for (int i = 0; i < 1_000_000; i++) {
                  child.run(Request.of(Syscall.SYNC));
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("signal 9");
      assertThatThrownBy(() -> child.run(Request.of(Syscall.SYNC)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aChildThatDoesNotAnswerIsKilled() throws IOException {
    try (ChildCore child = ChildCore.start(Duration.ofSeconds(2))) {
      child.run(Request.of(WireOp.TASK_START, 0, 0));
      Path pipe = directory.resolve("pipe");
      new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor();
      // Opening a pipe without a writer blocks for ever.
      assertThatThrownBy(
              () -> child.run(Request.of(Syscall.OPEN, 5, 0, 0).withStrings(pipe.toString())))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("took longer");
      assertThat(ProcessHandle.of(child.pid())).isEmpty();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
