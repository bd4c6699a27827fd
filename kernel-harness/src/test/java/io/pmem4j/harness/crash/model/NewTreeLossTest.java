// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashFinding;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.crash.kernel.KnownLoss;
import io.pmem4j.harness.crash.kernel.MountingMachine;
import io.pmem4j.harness.crash.kernel.TracedProgram;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.ProgramParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The loss of a new block of pointers, which ext2's fsync allows: the stores of the model in an
 * order that such a kernel has. Nothing else that is lost of the same file is taken for it.
 */
class NewTreeLossTest {
  private static final int PAGE = ImageContent.PAGE_BYTES;
  private static final int LINE = 64;

  /** The operation before the write that needs a block of pointers; its fsync follows. */
  private static final int BEFORE = 4;

  /** The offset of {@code i_block[12]} in an inode. */
  private static final int INDIRECT = 88;

  private static final TraceRecord FENCE = new TraceRecord(TraceRecord.Kind.FENCE, 0, 0, 0, 0, 0);

  @TempDir Path directory;

  @BeforeEach
  void tools() {
    Required.programs("e2fsck", "mke2fs");
  }

  /** A run of the model, whose last write and fsync are stored as a kernel stores them. */
  private record Run(TracedProgram traced, int tree, int inodes, int data) {
    static Run of(String... lines) throws Exception {
      String header = "title A new block of pointers\nimage 8m\n";
      try (ModelCrashSweep sweep =
          new ModelCrashSweep(Kernel.MERGED, CrashOrder.LINUX, CrashMode.X86, CrashLimits.of(2))) {
        TracedProgram traced =
            sweep.trace(ProgramParser.parse("trees", header + String.join("\n", lines) + "\n"));
        List<Integer> pages = TracedPages.of(traced.records()).pages();
        for (int inodes : pages) {
          ByteBuffer page = page(traced, inodes);
          for (int at = INDIRECT; at < PAGE; at += 128) {
            int tree = page.getInt(at);
            // The file has data in its blocks 0 and 14.
            if (pages.contains(tree) && page(traced, tree).getInt(2 * Integer.BYTES) != 0) {
              return new Run(traced, tree, inodes, page.getInt(at - 12 * Integer.BYTES));
            }
          }
        }
      }
      throw new AssertionError("no inode has a block of pointers");
    }

    private static ByteBuffer page(TracedProgram traced, int number) {
      return traced.unmounted().get(number).order(ByteOrder.LITTLE_ENDIAN);
    }

    private List<TraceRecord> window(Predicate<TraceRecord> in) {
      List<Integer> marks = traced.marks();
      return traced.records().subList(marks.get(BEFORE), marks.getLast()).stream()
          .filter(each -> each.kind() != TraceRecord.Kind.FENCE)
          .filter(in)
          .toList();
    }

    boolean isTree(TraceRecord record) {
      return record.offset() / PAGE == tree;
    }

    private boolean isLate(TraceRecord record) {
      return isTree(record) || record.offset() / PAGE == inodes;
    }

    /** A kernel stores the block of pointers and the inode in fsync, and then there is a fence. */
    List<TraceRecord> late() {
      return window(this::isLate);
    }

    /** Returns the first byte of the file as another one. */
    List<TraceRecord> stored(char value) {
      long at = (long) data * PAGE;
      return List.of(
          new TraceRecord(TraceRecord.Kind.STORE, at, 1, 0, value, 0),
          new TraceRecord(TraceRecord.Kind.FLUSH, at, LINE, 0, 0, 0),
          FENCE);
    }

    /** Returns the program with other records in the fsync; the write's own come first. */
    TracedProgram with(List<TraceRecord> sync) {
      int from = traced.marks().get(BEFORE);
      List<TraceRecord> records = new ArrayList<>(traced.records().subList(0, from));
      records.addAll(window(each -> !isLate(each)));
      records.add(FENCE);
      List<Integer> marks = new ArrayList<>(traced.marks().subList(0, BEFORE + 1));
      marks.add(records.size());
      records.addAll(sync);
      marks.add(records.size());
      records.addAll(traced.records().subList(traced.marks().getLast(), traced.records().size()));
      return new TracedProgram(
          traced.program(),
          records,
          marks,
          traced.mounted(),
          traced.unmounted(),
          traced.promises());
    }
  }

  private static Run run() throws Exception {
    return Run.of(
        "open f /a rw creat 0644",
        "pwrite f 0 x41*4096",
        "fsync f",
        "open d / ro",
        "fsync d",
        "pwrite f 57344 x44*4096",
        "fsync f");
  }

  @SafeVarargs
  private static List<TraceRecord> all(List<TraceRecord>... parts) {
    return Stream.of(parts).flatMap(List::stream).toList();
  }

  /** Explores a program on the model, which says that it is a kernel. */
  private KernelCrashSweep.Outcome explore(TracedProgram traced) throws Exception {
    try (MountingModel model = new MountingModel(directory)) {
      return KernelCrashSweep.explore(
          new AsKernel(model), traced, CrashOrder.LINUX, CrashMode.X86, CrashLimits.of(16));
    }
  }

  private static List<String> messages(KernelCrashSweep.Outcome outcome) {
    return outcome.report().findings().stream().map(CrashFinding::message).toList();
  }

  @Test
  void aFileMayBeLostThatLeadsToABlockOfPointersWithoutItsBytes() throws Exception {
    Run run = run();
    KernelCrashSweep.Outcome outcome = explore(run.with(all(run.late(), List.of(FENCE))));
    assertThat(outcome.report().findings()).isEmpty();
    assertThat(outcome.losses()).containsOnlyKeys(KnownLoss.NEW_TREE);
  }

  /** Its bytes go when the file gets the block of pointers, and come back after that. */
  @Test
  void anotherLostPromiseOfThatFileIsAFinding() throws Exception {
    Run run = run();
    List<TraceRecord> fence = List.of(FENCE);
    KernelCrashSweep.Outcome outcome =
        explore(run.with(all(run.stored('B'), run.late(), fence, run.stored('A'))));
    assertThat(messages(outcome))
        .anySatisfy(each -> assertThat(each).contains("/a has 42 at byte 0"));
    assertThat(outcome.losses()).isEmpty();
  }

  @Test
  void aBlockOfPointersThatAFenceHasLeftOutIsAFinding() throws Exception {
    Run run = run();
    List<TraceRecord> inode = run.window(each -> run.isLate(each) && !run.isTree(each));
    List<TraceRecord> fence = List.of(FENCE);
    KernelCrashSweep.Outcome outcome =
        explore(run.with(all(inode, fence, run.window(run::isTree), fence)));
    assertThat(messages(outcome)).isNotEmpty();
    assertThat(outcome.losses()).isEmpty();
  }

  /** The model with the losses of a kernel. */
  private record AsKernel(MountingModel model) implements MountingMachine {
    @Override
    public FsImage image() {
      return model.image();
    }

    @Override
    public boolean isKernel() {
      return true;
    }

    @Override
    public int mounts() {
      return model.mounts();
    }

    @Override
    public void write(int page, byte[] bytes) throws IOException {
      model.write(page, bytes);
    }

    @Override
    public Optional<Map<String, byte[]>> read(List<String> paths) {
      return model.read(paths);
    }

    @Override
    public void close() {
      // The model is its maker's.
    }
  }
}
