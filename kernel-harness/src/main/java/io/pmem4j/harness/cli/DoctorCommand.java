// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.host.DaxState;
import io.pmem4j.harness.device.HardwareVerdict;
import io.pmem4j.harness.device.MountPoint;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.report.JsonLine;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The verb {@code doctor}: the properties of a path for pmem-ffi, measured there, and what is
 * missing.
 */
@Command(
    name = "doctor",
    description = {
      "Says what a path gives to pmem-ffi: file system, DAX, MAP_SYNC, granularity, the domain in",
      "words, the flush instruction, the cost of persist, and what is missing.",
      "On persistent memory it reads the hardware's state in sysfs: persistence domain,",
      "write cache, deep flush, modules, dirty shutdowns, unreadable ranges, scrub.",
      "It says what follows; exit 1: the device is not to be trusted.",
      "In a folder a file of 2 MiB is made and removed; a file or device given is not changed."
    })
final class DoctorCommand implements Callable<Integer> {
  private static final int FILE_BYTES = 2 << 20;

  @Spec private CommandLine.Model.CommandSpec spec;

  @Option(names = "--json", description = "the last line is one JSON object")
  private boolean json;

  @Parameters(index = "0", paramLabel = "PATH", description = "a folder, a file or a DAX device")
  private Path path = Path.of(".");

  private final Map<String, Object> facts = new LinkedHashMap<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> consequences = new ArrayList<>();

  /** Of the file that was mapped. */
  private DaxState dax = DaxState.UNKNOWN;

  /** Of the finest mapping that was had. */
  private Granularity granularity = Granularity.PAGE;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  DoctorCommand() {}

  @Override
  public Integer call() throws IOException {
    long begin = System.nanoTime();
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    boolean folder = Files.isDirectory(path);
    boolean device = !folder && !Files.isRegularFile(path);
    fact("path", path.toRealPath() + (folder ? " (folder)" : device ? " (device)" : " (file)"));
    MountPoint mount = MountPoint.of(path);
    if (!device) {
      fact("file_system", mount.type() + " on " + mount.point() + " from " + mount.source());
      fact("dax", "not known"); // its place in the report; known once a file has been mapped
    }
    boolean mapped = folder ? mappedInFolder() : mapped(path, false, device);
    if (!device) {
      DaxVerdict verdict = DaxVerdict.of(mount, dax, granularity);
      fact("dax", verdict.words());
      verdict.missing().ifPresent(missing::addFirst);
    }
    processor();
    HardwareFacts hardware = HardwareFacts.of(path, device, mount);
    facts.putAll(hardware.facts());
    for (HardwareVerdict verdict : hardware.verdicts()) {
      boolean refusal = verdict.kind() == HardwareVerdict.Kind.REFUSAL;
      consequences.add((refusal ? "do not trust it: " : "") + verdict.words());
    }
    environment();
    int status =
        !mapped
            ? ExitStatus.ENVIRONMENT
            : hardware.refuses() ? ExitStatus.FINDING : ExitStatus.HOLDS;
    print(status, (System.nanoTime() - begin) / 1e9);
    return status;
  }

  private boolean mappedInFolder() throws IOException {
    try (WorkDirectory made = new WorkDirectory(path)) {
      return mapped(made.path().resolve("file"), true, false);
    } catch (FileSystemException refusal) {
      fact("folder", "no file can be made in it: " + Main.reason(refusal));
      missing.add(
          "a file to try: " + Main.reason(refusal) + "; name one that exists, or another folder");
      return false;
    }
  }

  /** Maps the file with each backend, and returns whether one of them could. */
  private boolean mapped(Path file, boolean create, boolean device) throws IOException {
    boolean mapped = false;
    for (Backend backend : List.of(Backend.LIBPMEM, Backend.JDK)) {
      try {
        mapped |= mapped(file, backend, create, device);
      } finally {
        if (create) {
          Files.deleteIfExists(file);
        }
      }
    }
    return mapped;
  }

  private void fact(String name, Object value) {
    facts.put(name, value);
  }

  /** Maps the path with a backend and asks the region; false if it cannot be mapped. */
  private boolean mapped(Path file, Backend backend, boolean create, boolean device)
      throws IOException {
    String prefix = backend == Backend.LIBPMEM ? "libpmem" : "jdk";
    if (backend == Backend.LIBPMEM && Pmem.libpmemAbsence().isPresent()) {
      fact(prefix, "not usable");
      missing.add("libpmem: " + Pmem.libpmemAbsence().orElseThrow());
      return false;
    }
    MapSpec spec = (create ? MapSpec.createNew(FILE_BYTES) : MapSpec.existing()).backend(backend);
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, spec, arena);
      dax = DaxState.of(file);
      if (region.granularity() != Granularity.PAGE) {
        granularity = region.granularity();
      }
      fact(prefix + "_granularity", region.granularity().name());
      fact(prefix + "_domain", region.domain());
      if (backend == Backend.JDK) {
        fact("map_sync", region.granularity() == Granularity.PAGE ? "refused" : "granted");
      }
      int small = (int) Math.min(64, region.byteSize());
      int page = (int) Math.min(4096, region.byteSize());
      fact(prefix + "_persist_64_bytes_ns", PersistCost.nanos(region, small, create));
      fact(prefix + "_persist_4_kib_ns", PersistCost.nanos(region, page, create));
      if (backend == Backend.LIBPMEM) {
        fact("alignment_bytes", region.alignment());
        if (region.granularity() != Granularity.PAGE && region.alignment() < 2 << 20) {
          missing.add("huge pages: the mapping is not aligned to 2 MiB");
        }
      }
      return true;
    } catch (IOException | PmemException | IllegalArgumentException refusal) {
      String reason =
          refusal instanceof FileSystemException e ? Main.reason(e) : refusal.getMessage();
      fact(prefix, "refused: " + reason);
      if (!(device && backend == Backend.JDK)) {
        missing.add("a mapping by " + prefix + ": " + reason);
      }
      return false;
    }
  }

  private void processor() {
    List<String> flags = List.of();
    try {
      flags =
          Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
              .filter(line -> line.startsWith("flags"))
              .findFirst()
              .map(line -> List.of(line.split("\\s+")))
              .orElse(List.of());
    } catch (IOException unreadable) {
      missing.add("/proc/cpuinfo, to tell the flush instruction: " + unreadable.getMessage());
    }
    String instruction = "none known of this processor";
    if (flags.contains("clwb") && !isSet("PMEM_NO_CLWB")) {
      instruction = "clwb: written back, and kept in the cache";
    } else if (flags.contains("clflushopt") && !isSet("PMEM_NO_CLFLUSHOPT")) {
      instruction = "clflushopt: written back and dropped from the cache";
      missing.add("clwb: every persisted line has to be fetched again");
    } else if (flags.contains("clflush")) {
      instruction = "clflush: written back and dropped, one after the other";
      missing.add("clwb and clflushopt: lines are written back one at a time");
    }
    fact("flush_instruction", instruction);
  }

  private static boolean isSet(String variable) {
    return "1".equals(System.getenv(variable));
  }

  /** Prints the environment variables that libpmem reads. */
  private void environment() {
    String variables =
        System.getenv().entrySet().stream()
            .filter(entry -> entry.getKey().startsWith("PMEM_"))
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .sorted()
            .collect(Collectors.joining(" "));
    fact("environment", variables.isEmpty() ? "no PMEM_ variable is set" : variables);
  }

  private void print(int status, double seconds) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    facts.forEach((name, value) -> out.printf("%-26s %s%n", name.replace('_', ' '), value));
    if (!consequences.isEmpty()) {
      out.println("it follows:");
      consequences.forEach(what -> out.println("  - " + what));
    }
    out.println(missing.isEmpty() ? "nothing is missing" : "missing:");
    missing.forEach(what -> out.println("  - " + what));
    if (json) {
      out.println(
          new JsonLine(
                  "doctor",
                  switch (status) {
                    case ExitStatus.HOLDS -> "PASS";
                    case ExitStatus.FINDING -> "FAIL";
                    default -> "ERROR";
                  },
                  seconds,
                  Map.of("missing", missing.size()))
              .with("facts", facts)
              .with("consequences", consequences)
              .with("missing", missing));
    }
    out.flush();
  }
}
