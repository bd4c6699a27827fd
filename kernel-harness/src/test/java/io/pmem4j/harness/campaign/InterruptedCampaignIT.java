// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalFile;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The campaign itself is killed by SIGKILL at random moments, and continues with an exact verdict:
 * each stop counts as a cut, no operation is lost or counted twice. {@code -Dpmem4j.interrupts=200}
 * makes it long.
 */
@Tag("powercuts")
class InterruptedCampaignIT {
  private static final int INTERRUPTS = Integer.getInteger("pmem4j.interrupts", 6);

  /** Of a command of the verb, which ends by itself. */
  private static final int BOUND_SECONDS = 120;

  private final SplittableRandom random = new SplittableRandom();
  private Path folder;
  private Path journal;

  @BeforeEach
  void aFolderInMemory() throws IOException {
    folder = Files.createTempDirectory(Path.of("/dev/shm"), "interrupted");
    journal = folder.resolve("journal");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    new ProcessBuilder("rm", "-rf", folder.toString()).start().onExit().join();
  }

  private Process start(String... options) throws IOException {
    List<String> command = new ArrayList<>(WorkerCommand.of(Main.class));
    command.addAll(List.of("crash", "device", folder.toString(), "--journal", journal.toString()));
    command.addAll(List.of("--journal-on-same-device", "--workers", "1"));
    command.addAll(List.of(options));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output").toFile())
        .start();
  }

  private String ended(Process process) throws Exception {
    try {
      assertThat(process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String output = Files.readString(folder.resolve("output"));
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  @Test
  void aKilledCampaignContinuesWithAnExactVerdict() throws Exception {
    ended(start("--cuts", "1"));
    for (int stop = 1; stop <= INTERRUPTS; stop++) {
      Process campaign = start("--resume", "--minutes", "10");
      long before = Files.size(journal);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
      // From its first record on; the moment itself is a matter of chance.
      while (Files.size(journal) == before && campaign.isAlive() && System.nanoTime() < deadline) {
        campaign.waitFor(5, TimeUnit.MILLISECONDS);
      }
      boolean ended = campaign.waitFor(random.nextInt(700), TimeUnit.MILLISECONDS);
      assertThat(ended).as(Files.readString(folder.resolve("output"))).isFalse();
      campaign.destroyForcibly().waitFor();
    }
    String output = ended(start("--verify", "--json"));
    CampaignRecord record = new CampaignRecord();
    JournalFile.resume(journal, record::add).close();
    assertThat(record.openCut()).isEmpty();
    assertThat(record.cuts(CutOutcome.HELD)).isEqualTo(record.nextCut() - 1);
    // A stop between two cuts is one of its own; a stop while the lanes are checked repeats that.
    assertThat(record.heldByKind().getOrDefault("stopped", 0)).isBetween(0, INTERRUPTS);
    long promised = record.lanes().keySet().stream().mapToLong(lane -> record.promised(lane)).sum();
    // A cut leaves at most the operation in flight without its acknowledgement.
    assertThat(promised - record.operations()).isBetween(0L, (long) record.nextCut());
    assertThat(output)
        .contains("PASS: " + record.cuts(CutOutcome.HELD) + " cuts")
        .contains("\"operations\":" + record.operations());
    System.out.printf(
        "%d campaigns stopped by SIGKILL: %s%n",
        INTERRUPTS,
        output.lines().filter(line -> line.startsWith("crash device: ")).findFirst().orElse(""));
  }
}
