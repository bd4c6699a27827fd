// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.KernelDifference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

/** Results of a campaign: what a killed run leaves, what belongs together, and their report. */
class CampaignFileTest {
  @TempDir Path folder;

  private static CampaignSettings settings(int shard, int of) {
    return new CampaignSettings(
        "conform",
        "6.12",
        "domain=none",
        "shipped",
        60,
        2015,
        new Shard(shard, of),
        Map.of("java", "25"));
  }

  private static ProgramLine line(String name, Verdict verdict, String... findings) {
    return new ProgramLine(
        name,
        "a <title>",
        verdict,
        12,
        34,
        List.of(findings),
        List.of(),
        Map.of(KernelDifference.MAJOR_TRACED, 2L),
        Map.of("load", Map.of("all data", 3)),
        verdict == Verdict.DIVERGED ? steps() : List.of(),
        List.of(),
        verdict == Verdict.DIVERGED ? "open f /a \u0001 <&>" : "");
  }

  /** A child's store that is begun, overlapped by a step of the program, and awaited. */
  private static List<StepLine> steps() {
    Map<String, String> equal = Map.of("model", "result=0");
    return List.of(
        new StepLine(1, "F", StepLine.Kind.STEERED, "fork F", equal, List.of()),
        new StepLine(2, "F", StepLine.Kind.BEGUN, "store m 0 x1", Map.of(), List.of()),
        new StepLine(
            3,
            "",
            StepLine.Kind.DONE,
            "ftruncate a 0",
            Map.of("model", "result=0", "guest:6.12", "errno=EIO"),
            List.of("line 3: <differs>")),
        new StepLine(4, "F", StepLine.Kind.AWAITED, "await F", equal, List.of()));
  }

  private static CampaignEnd end() {
    return new CampaignEnd(
        Set.of("a -> b", "b -> c", "a -> c"), List.of(), Map.of("rule", 5L), 1.5);
  }

  private Path part(int shard, int of, ProgramLine... lines) throws IOException {
    Path path = folder.resolve("part" + shard + "of" + of);
    try (CampaignFile file = CampaignFile.resume(path, settings(shard, of))) {
      for (ProgramLine line : lines) {
        file.add(line);
      }
      file.end(end());
    }
    return path;
  }

  /** At each length the whole lines count, and a run goes on after them. */
  @Test
  void aFileCutShortAtEachLengthIsResumed() throws Exception {
    Path whole = part(1, 1, line("p1", Verdict.AGREED), line("p2", Verdict.PARTIAL));
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut");
    for (int length = 0; length <= bytes.length; length++) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      try (CampaignFile file = CampaignFile.resume(cut, settings(1, 1))) {
        if (!file.has("p1")) {
          file.add(line("p1", Verdict.AGREED));
        }
        if (!file.has("p2")) {
          file.add(line("p2", Verdict.PARTIAL));
        }
        file.end(end());
      }
      Campaign campaign = Campaign.read(List.of(cut));
      assertThat(campaign.programs()).as("cut at %d", length).containsOnlyKeys("p1", "p2");
      assertThat(campaign.findings()).isEmpty();
      assertThat(campaign.operations()).isEqualTo(24);
      assertThat(cut).content().endsWith("\n");
    }
  }

  @Test
  void aFileOfAnotherRunIsNotGoneOnWith() throws Exception {
    Path path = part(1, 2, line("p1", Verdict.AGREED));
    byte[] before = Files.readAllBytes(path);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CampaignFile.resume(path, settings(2, 2)))
        .withMessageContaining("shard 1/2, this run")
        .withMessageContaining("shard 2/2");
    assertThat(path).hasBinaryContent(before);
    try (CampaignFile _ = CampaignFile.resume(path, settings(1, 2))) {
      assertThatIOException()
          .isThrownBy(() -> CampaignFile.resume(path, settings(1, 2)))
          .withMessageContaining("writes it already");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"other text", "other\ntext\n", "{}\n", "{\"program\":{}}\n"})
  void aFileThatIsNoneIsRefusedAndKept(String text) throws Exception {
    Path path = Files.writeString(folder.resolve("other"), text);
    assertThatIOException()
        .isThrownBy(() -> CampaignFile.resume(path, settings(1, 1)))
        .withMessageContaining("no results of a campaign");
    assertThat(path).hasContent(text.strip());
  }

  @Test
  void allPartsMakeAVerdict() throws Exception {
    Path first = part(1, 2, line("p1", Verdict.AGREED));
    Path second = part(2, 2, line("p2", Verdict.OMITTED));
    Campaign campaign = Campaign.read(List.of(first, second));
    assertThat(campaign.verdict()).isEqualTo("PASS");
    assertThat(campaign.line()).contains("PASS", "2 of 2 shards", "2 programs", "24 operations");
    assertThat(campaign.differences()).containsEntry(KernelDifference.MAJOR_TRACED, 4L);
    assertThat(campaign.coverage()).isEqualTo(Map.of("load", Map.of("all data", 6)));
    assertThat(campaign.forgiven()).isEqualTo(Map.of("rule", 10L));

    assertThat(Campaign.read(List.of(first)).verdict()).isEqualTo("ERROR");
    assertThat(Campaign.read(List.of(first)).findings()).containsExactly("shard 2 of 2 is missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Campaign.read(List.of(first, first)))
        .withMessageContaining("shard 1 once more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Campaign.read(List.of(first, part(3, 3))))
        .withMessageContaining("another campaign");
  }

  @Test
  void aPartWithoutAnEndIsNoPass() throws Exception {
    Path path = folder.resolve("killed");
    try (CampaignFile file = CampaignFile.resume(path, settings(1, 1))) {
      file.add(line("p1", Verdict.AGREED));
    }
    Campaign campaign = Campaign.read(List.of(path));
    assertThat(campaign.verdict()).isEqualTo("ERROR");
    assertThat(campaign.findings()).singleElement().asString().contains("can be resumed");
  }

  @Test
  void reportsNameADivergence() throws Exception {
    Campaign campaign =
        Campaign.read(
            List.of(
                part(
                    1,
                    1,
                    line("p1", Verdict.DIVERGED, "line 3: <differs>"),
                    line("p2", Verdict.AGREED))));
    assertThat(campaign.verdict()).isEqualTo("FAIL");
    Path junit = folder.resolve("junit.xml");
    JunitReport.write(campaign, junit);
    Element suite =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(junit.toFile())
            .getDocumentElement();
    assertThat(suite.getAttribute("tests")).isEqualTo("3");
    assertThat(suite.getAttribute("failures")).isEqualTo("1");
    assertThat(suite.getElementsByTagName("failure").item(0).getTextContent())
        .isEqualTo("open f /a ? <&>");

    Path html = folder.resolve("report.html");
    HtmlReport.write(campaign, html);
    assertThat(html)
        .content()
        .contains("FAIL", "line 3: &lt;differs&gt;", "open f /a", "<svg", "a -&gt; c", "all data")
        .doesNotContain("http:", "https:", "<script", "<link");
  }

  @Test
  void aCampaignOfPowerCutsShowsItsStatesInTiles() throws Exception {
    Path path = folder.resolve("crash");
    CampaignSettings settings =
        new CampaignSettings(
            "crash", "guest:merged", "x86", "none", 20, 2015, Shard.WHOLE, Map.of("java", "25"));
    Map<String, Integer> states = Map.of("tried", 1822, "mounts", 3106, "e2fsck: wrong", 5);
    try (CampaignFile file = CampaignFile.resume(path, settings)) {
      file.add(
          new ProgramLine(
              "p1",
              "a title",
              Verdict.DIVERGED,
              20,
              34,
              List.of("/f was lost"),
              List.of(),
              Map.of(),
              Map.of(Coverage.CRASH_STATES, states),
              List.of(),
              List.of(),
              "open f /a"));
      file.end(end());
    }
    Path html = folder.resolve("crash.html");
    HtmlReport.write(Campaign.read(List.of(path)), html);
    assertThat(html)
        .content()
        .contains("<b>1,822</b>crash states", "<b>3,106</b>mounts", "<b>1</b>broken")
        .doesNotContain("</b>diverged", "</b>e2fsck");
    assertThat(Campaign.read(List.of(path)).line())
        .contains("crash on guest:merged", "0 hold, 0 hold in a sample, 1 broken")
        .doesNotContain("diverged");
  }

  /** A lane is filled from the step that begins an operation to the step that awaits it. */
  @Test
  void anInterleavingIsAPictureWithLanes() {
    String[] rows = InterleavingPicture.of(steps()).split("<tr");
    assertThat(rows[1]).contains("<th>program<th>F<th>answer");
    assertThat(rows[2]).contains("lane  steered", "fork F").doesNotContain("runs");
    assertThat(rows[3]).contains("lane begins", "store m 0 x1");
    assertThat(rows[4])
        .contains("class=\"bad\"", "ftruncate a 0", "lane runs", "<b>guest:6.12</b> errno=EIO");
    assertThat(rows[5]).contains("lane ends", "await F");
    assertThat(InterleavingPicture.of(List.of())).isEmpty();
  }

  /** Lost words are seen beside those that the medium has. */
  @Test
  void aStateThatBreaksAPromiseIsATableOfItsStores() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    memory.begin("pwrite f 0 <x>");
    memory.fill(128, 16, (byte) 1);
    memory.begin("fsync f");
    memory.putLong(512, 7);
    StoreTrace trace = memory.trace();
    CrashReport report =
        CrashStates.of(trace)
            .check((state, _) -> {
              if (state.getLong(512) == 7 && state.getLong(136) == 0) {
                throw new IllegalStateException("/f is <gone>");
              }
            });
    StoreTable table =
        StoreTable.of(report.findings().getFirst(), trace.events(), offset -> offset + 8192);
    assertThat(table.rows()).extracting(StoreTable.Row::operation).contains("pwrite f 0 <x>");
    assertThat(table.rows().getFirst().offset()).isEqualTo(8192 + 128);
    assertThat(table.html())
        .contains(
            "/f is &lt;gone&gt;", "pwrite f 0 &lt;x&gt;", "<td class=\"n\">2<td class=\"n\">128")
        .contains("torn", "<i class=\"on\"></i><i></i>", "1 of 2, flushed nowhere before");
  }

  /** An edge against the order of the others is drawn as one. */
  @Test
  void anEdgeThatClosesACircleIsBelowTheDiagonal() {
    assertThat(LockGraphPicture.of(Set.of("a -> b", "b -> c")))
        .contains("class=\"edge\"", "<title>a -&gt; b</title>")
        .doesNotContain("class=\"back\"");
    assertThat(LockGraphPicture.of(Set.of("a -> b", "b -> a"))).contains("class=\"back\"");
    assertThat(LockGraphPicture.of(Set.of())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0/2", "3/2", "2", "1/0", "x/y", "-1/2"})
  void aShardThatIsNoneIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Shard.parse(text));
  }

  @Test
  void shardsShareAllPrograms() {
    for (int index = 0; index < 20; index++) {
      int at = index;
      assertThat(List.of(Shard.parse("1/3"), Shard.parse("2/3"), Shard.parse("3/3")))
          .filteredOn(shard -> shard.has(at))
          .hasSize(1);
    }
  }
}
