// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.ext2.check.ImageStructure;
import io.pmem4j.harness.report.JsonLine;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The verb {@code fsck}: checks an ext2 image and changes nothing. */
@Command(
    name = "fsck",
    exitCodeOnInvalidInput = FsckCommand.USAGE,
    exitCodeOnExecutionException = FsckCommand.OPERATIONAL,
    description = {
      "Checks an ext2 image, as e2fsck -fn does, and changes nothing. Blocks have 1, 2",
      "or 4 KiB, the revision is 0 or 1, descriptors may lie in their groups (meta_bg).",
      "Each finding is a line when it is found: structure, number, field, value found,",
      "value expected, byte of the image, kind.",
      "Exit as e2fsck: the sum of 0: clean; 4: findings; 8: not or not all could be",
      "checked; 16: usage."
    })
final class FsckCommand implements Callable<Integer> {
  /** Findings: errors left uncorrected. */
  static final int FINDINGS = 4;

  /** The image cannot be checked, or not to the end. */
  static final int OPERATIONAL = 8;

  /** The command line cannot be understood. */
  static final int USAGE = 16;

  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", description = "a file or a DAX device with ext2")
  private Path image = Path.of(".");

  @Option(names = "--json", description = "the last line is one object, with counts by structure")
  private boolean json;

  private final Map<ImageStructure, Integer> counts = new EnumMap<>(ImageStructure.class);

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  FsckCommand() {}

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    if (ImageLocks.isHeld(image)) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("pmem4j: " + image + ": in use; findings may be changes on their way");
      err.flush();
    }
    boolean complete;
    try (Arena arena = Arena.ofShared()) {
      MapSpec how = MapSpec.existing().backend(Backend.JDK).readOnly();
      PersistentMemory memory = Pmem.map(image, how, arena);
      complete = ImageCheck.run(memory, System.currentTimeMillis() / 1000, this::print);
    } catch (Ext2Exception e) {
      throw UnusableImage.of(image, e);
    }
    int findings = counts.values().stream().mapToInt(Integer::intValue).sum();
    summary(findings, complete, (System.nanoTime() - start) / 1e9);
    return (findings > 0 ? FINDINGS : 0) + (complete ? 0 : OPERATIONAL);
  }

  private void print(ImageFinding finding) {
    counts.merge(finding.structure(), 1, Integer::sum);
    spec.commandLine().getOut().println(finding);
  }

  private void summary(int findings, boolean complete, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "fsck: %s: %s%s%n",
        image,
        findings == 0 ? "clean" : findings + (findings == 1 ? " finding" : " findings"),
        complete ? "" : "; the check ends here: no superblock and descriptors can be used");
    if (json) {
      Map<String, Integer> named = new TreeMap<>();
      counts.forEach((structure, n) -> named.put(structure.words().replace(' ', '_'), n));
      named.merge("findings", findings, Integer::sum);
      String verdict = complete ? findings == 0 ? "PASS" : "FAIL" : "ERROR";
      out.println(new JsonLine("fsck", verdict, seconds, named));
    }
    out.flush();
  }
}
