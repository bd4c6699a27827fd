// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashFinding;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.DurabilityRules;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.durable.DurableCell;
import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.LogReader;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.GuestJvm;
import io.pmem4j.harness.guest.GuestJvmIT;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.pmem.PersistentMemory;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The durable structures in a JVM of the guest, judged by the instructions that reached the NVDIMM:
 * compiler, FFM and libpmem included. In every crash state an acknowledged record is there; without
 * the fences, or without the write-backs, one is lost.
 */
@Tag("powercuts")
class JavaCrashIT {
  private static final int PAGE = 4096;
  private static final long BASE = 1L << 32;
  private static final long LENGTH = 256L << 20;
  private static final Duration BOUND = Duration.ofMinutes(3);

  @TempDir private Path directory;

  @Test
  @Timeout(400)
  void acknowledgedRecordsSurviveEveryCrash() throws Exception {
    List<TraceRecord> records = trace();
    TraceRecord beacon =
        records.stream()
            .filter(each -> each.bytes() == 8 && each.low() == StructureProbe.BEACON)
            .findFirst()
            .orElseThrow();
    for (int i = 0; i < StructureProbe.NAMES.size(); i++) {
      String name = StructureProbe.NAMES.get(i);
      CrashReport report = explore(i, records, beacon.offset());
      System.out.println(name + ": " + report);
      // The map's note that a commit is durable need not be so itself.
      assertThat(DurabilityRules.check(stores(i, records, beacon.offset()), CrashMode.X86))
          .as(name + ": flushes that find nothing to make durable")
          .noneMatch(finding -> finding.kind() == CrashFinding.Kind.REDUNDANT_FLUSH);
      assertThat(report.findings()).as(name).isEmpty();
      assertThat(report.points()).as(name).isGreaterThan(StructureProbe.RECORDS);
      for (TraceRecord.Kind kind : List.of(TraceRecord.Kind.FENCE, TraceRecord.Kind.FLUSH)) {
        assertThat(explore(i, without(records, each -> each.kind() == kind), beacon.offset()))
            .as(name + " without each " + kind)
            .matches(broken -> !broken.passed());
      }
    }
  }

  private static List<TraceRecord> without(List<TraceRecord> records, Predicate<TraceRecord> left) {
    return records.stream().filter(left.negate()).toList();
  }

  /** Returns what the probe stored, in a new guest. */
  private List<TraceRecord> trace() throws Exception {
    Required.programs(QemuProcess.executable(), "gcc", "mke2fs", "debugfs", "ldconfig");
    Path image = file("nvdimm");
    Tracer tracer;
    GuestSpec spec;
    try {
      tracer = Tracer.prepare();
      spec =
          new GuestSpec(
              KernelImages.kernel("merged"),
              KernelImages.initrd(),
              image,
              directory.resolve("work"),
              Duration.ofSeconds(120),
              Duration.ofSeconds(120));
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
    Path jars = GuestJvmIT.applications(directory, StructureProbe.class);
    copy(StructureProbe.Sink.class, jars);
    try (StoreTraceFile file = StoreTraceFile.create(directory.resolve("trace"), 2_000_000)) {
      GuestSpec traced =
          GuestJvm.equip(spec.withSecondImage(file("nvdimm2")), jars)
              .withTracing(new GuestSpec.Tracing(tracer, file.path()));
      try (Guest guest = Guest.start(traced)) {
        GuestJvm jvm = GuestJvm.open(guest);
        String device = jvm.makeDevdax();
        file.start(BASE, LENGTH);
        GuestJvm.Ended ended =
            jvm.run(
                BOUND,
                List.of(
                    "-cp",
                    "/app/classes:/app/pmem-ffi.jar",
                    StructureProbe.class.getName(),
                    device));
        file.stop();
        assertThat(ended.output()).contains("CACHE_LINE");
        guest.check();
        guest.stop();
      }
      return file.records(0, file.count());
    }
  }

  private Path file(String name) throws Exception {
    Path path = directory.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    return path;
  }

  private static void copy(Class<?> type, Path jars) throws Exception {
    String name = type.getName().replace('.', '/') + ".class";
    try (var in = type.getResourceAsStream("/" + name)) {
      java.nio.file.Files.copy(in, jars.resolve("classes").resolve(name));
    }
  }

  /** Returns the stores to a structure, with its acknowledgements. */
  private static StoreTrace stores(int structure, List<TraceRecord> records, long device) {
    long begin = device + StructureProbe.offset(structure);
    long count = device + StructureProbe.count(structure);
    TracedPages pages = TracedPages.range((int) (begin / PAGE), StructureProbe.BYTES / PAGE);
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(StructureProbe.BYTES));
    List<TraceRecord> run = new ArrayList<>();
    for (TraceRecord record : records) {
      if (record.offset() == count && record.bytes() == Long.BYTES) {
        pages.repeat(run, memory);
        run.clear();
        memory.acknowledge("records", record.low());
      } else {
        run.add(record);
      }
    }
    pages.repeat(run, memory);
    return memory.trace();
  }

  private static CrashReport explore(int structure, List<TraceRecord> records, long device) {
    String name = StructureProbe.NAMES.get(structure);
    return CrashStates.of(stores(structure, records, device))
        .mode(CrashMode.X86)
        .atMost(300)
        .insideRecovery(false)
        .check((state, acknowledged) -> {
          int last = last(name, state);
          long promised = acknowledged.get("records");
          if (last < promised || last > promised + 1) {
            throw new IllegalStateException(
                "%s: record %d is the last, %d acknowledged".formatted(name, last, promised));
          }
        });
  }

  /** Returns the number of the last record; those before it are there and whole. */
  private static int last(String name, PersistentMemory state) {
    List<byte[]> found = new ArrayList<>();
    switch (name) {
      case "log" -> {
        LogReader reader = DurableLog.open(state).reader();
        while (reader.next()) {
          found.add(reader.payload());
        }
      }
      case "map" -> {
        DurableMap map = DurableMap.open(state);
        for (int n = 1; map.get(StructureProbe.key(n)) != null; n++) {
          found.add(map.get(StructureProbe.key(n)));
        }
      }
      case "slots" -> {
        SlotStore slots = SlotStore.open(state, StructureProbe.CELL_BYTES, StructureProbe.SLOTS);
        slots.slots().mapToObj(slots::read).forEach(found::add);
        found.sort((one, other) -> Integer.compare(number(one), number(other)));
      }
      default -> {
        byte[] value = DurableCell.open(state).get().orElse(new byte[0]);
        int n = value.length == 0 ? 0 : number(value);
        if (n > 0 && !Arrays.equals(value, StructureProbe.record(n))) {
          throw new IllegalStateException("cell: record " + n + " is torn");
        }
        return n;
      }
    }
    for (int n = 1; n <= found.size(); n++) {
      if (!Arrays.equals(found.get(n - 1), StructureProbe.record(n))) {
        throw new IllegalStateException(name + ": record " + n + " is missing or torn");
      }
    }
    return found.size();
  }

  private static int number(byte[] record) {
    return ByteBuffer.wrap(record).getInt();
  }
}
