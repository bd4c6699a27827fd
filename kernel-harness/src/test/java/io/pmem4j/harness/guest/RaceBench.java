// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.kernel.LockEdges;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A guest with a DAX ext2 on /mnt and an executor, for races that happen when we say so. */
public final class RaceBench implements AutoCloseable {
  static final int PAGE = 4096;

  /** Bounds a wait for something that takes milliseconds. */
  static final Duration SOON = Duration.ofSeconds(20);

  private static final int MS_NOATIME = 1024;

  /**
   * The allocator begins at a sixteenth of the group chosen by the pid; not at 0, full of tables.
   */
  private static final int PID = 1009;

  private static final String MOUNT = "/mnt";

  public final Guest guest;
  private final Path console;

  private RaceBench(Guest guest, Path console) {
    this.guest = guest;
    this.console = console;
  }

  /**
   * Boots a guest with this kernel state.
   *
   * @param lab the state of {@code ext2.lab=}, or empty for the merged image, or the name of
   *     another
   */
  public static RaceBench boot(Path directory, String lab) throws IOException {
    Required.programs(QemuProcess.executable(), "mke2fs");
    Path kernel;
    Path initrd;
    try {
      kernel = KernelImages.kernel(lab.isEmpty() ? "merged" : isLab(lab) ? "lab" : lab);
      initrd = KernelImages.initrd();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
    FsImage image = Mke2fs.make(directory.resolve("nvdimm"));
    Path work = directory.resolve("work");
    GuestSpec spec =
        new GuestSpec(kernel, initrd, image.path(), work, KernelFixture.BOOT_BOUND, SOON);
    Guest guest = Guest.start(isLab(lab) ? spec.withAppend("ext2.lab=" + lab) : spec);
    RaceBench bench = new RaceBench(guest, work.resolve("console.log"));
    boolean ready = false;
    try {
      bench.ask(
          Request.of(WireOp.MOUNT, MS_NOATIME)
              .withStrings("/dev/pmem0", MOUNT, "ext2", "dax,oldalloc,noreservation"));
      bench.ask(Request.of(WireOp.BEGIN, PID, 1));
      ready = true;
      return bench;
    } finally {
      if (!ready) {
        guest.close();
      }
    }
  }

  private static boolean isLab(String lab) {
    return !lab.isEmpty() && !lab.startsWith("6.");
  }

  /** An operation that must succeed. */
  public Response ask(Request request) throws GuestException {
    Response response = guest.request(request);
    assertThat(List.of(response.status(), response.errno(), response.signo()))
        .as("%s", request.op())
        .containsExactly(0, 0, 0);
    return response;
  }

  /** Returns the output of a command, which must exit with 0. */
  String sh(String command) throws GuestException {
    Response response = ask(Request.of(WireOp.EXEC, 15_000).withStrings("sh", "-c", command));
    assertThat(response.result()).as("%s: %s", command, response.text()).isZero();
    return response.text();
  }

  public void open(int slot, String name) throws GuestException {
    ask(Request.of(Syscall.OPEN, slot, 0102, 0644).withStrings(MOUNT + "/" + name));
  }

  public void write(int slot, long page, int pages, int value) throws GuestException {
    byte[] bytes = new byte[pages * PAGE];
    Arrays.fill(bytes, (byte) value);
    assertThat(ask(Request.of(Syscall.PWRITE, slot, page * PAGE).withBlob(bytes)).result())
        .isEqualTo(bytes.length);
  }

  /** Maps the file of the same slot, shared, readable and writable. */
  public void map(int slot, long pages) throws GuestException {
    ask(Request.of(Syscall.MMAP, slot, slot, 0, pages * PAGE, 3, 1, 0));
  }

  public byte[] read(int slot) throws GuestException {
    return ask(Request.of(Syscall.PREAD, slot, 0, PAGE)).data();
  }

  /** Of an operation that nothing keeps from ending. */
  static Response answer(TaskClient task) throws GuestException {
    @Nullable Response response = task.await(SOON);
    if (response == null) {
      throw new AssertionError("still running: " + task.state());
    }
    return response;
  }

  static Request store(int slot, long page, int value) {
    return Request.of(Syscall.STORE, slot, page * PAGE).withBlob(new byte[] {(byte) value});
  }

  static Request load(int slot, long page) {
    return Request.of(Syscall.LOAD, slot, page * PAGE, 1);
  }

  public static Request truncate(int slot) {
    return Request.of(Syscall.FTRUNCATE, slot, 0);
  }

  /** Returns the lock graph of lockdep. */
  LockEdges lockEdges() throws GuestException {
    return LockEdges.parse(
        ask(Request.of(WireOp.READ_FILE, 4_000_000).withStrings("/proc/lockdep")).text());
  }

  /** The lines that sysrq d prints about the locks of a task. */
  List<String> locksHeldBy(TaskClient task) throws IOException {
    guest.check();
    long before = Files.size(console);
    ask(Request.of(WireOp.WRITE_FILE).withStrings("/proc/sysrq-trigger", "d"));
    guest.check();
    byte[] all = Files.readAllBytes(console);
    String text = new String(all, (int) before, all.length - (int) before, StandardCharsets.UTF_8);
    return text.lines()
        .dropWhile(line -> !line.contains("/" + task.pid() + ":"))
        .skip(1)
        .takeWhile(line -> line.contains(" #"))
        .toList();
  }

  /** Everything that the console has said. */
  String consoleText() throws IOException {
    return Files.readString(console);
  }

  @Override
  public void close() {
    guest.close();
  }
}
