// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.kernel.GuestFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutants are read, applied without fuzz and compiled; one that no longer applies is an error. */
@Tag("slow")
class MutantCatalogTest {
  private static final String HEAD =
      """
      reason: the answer is wrong
      origin: written blind
      killed-by: explore fault-vs-truncate LINUX_5_10 2
      """;

  private static final String DIFF =
      """
      --- a/p/A.java
      +++ b/p/A.java
      @@ -3,3 +3,3 @@
         int answer() {
      -    return 42;
      +    return 43;
         }
      """;

  private static final String SOURCE =
      """
      package p;
      class A {
        int answer() {
          return 42;
        }
      }
      """;

  @TempDir Path checkout;

  private void write(String module, String name, String text) throws Exception {
    Path folder = Files.createDirectories(checkout.resolve(module).resolve("src/test/mutants"));
    Files.writeString(folder.resolve(name + ".patch"), text);
  }

  private void source(String text) throws Exception {
    Path folder = Files.createDirectories(checkout.resolve("ext2-dax/src/main/java/p"));
    Files.writeString(folder.resolve("A.java"), text);
  }

  private Mutant only() throws Exception {
    List<Mutant> all = MutantCatalog.of(checkout).all();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  /** The tests of its killers compile a mutant too, but for claims, which run with a guest. */
  @Test
  void everyMutantOfTheCheckoutApplies() throws Exception {
    List<Mutant> all = MutantCatalog.of(GuestFiles.home()).all();
    assertThat(all).hasSizeGreaterThanOrEqualTo(220);
    try (MutantCompiler compiler = new MutantCompiler()) {
      for (Mutant mutant : all) {
        assertThat(MutantCompiler.sources(mutant)).as(mutant.name()).isNotEmpty();
        if (mutant.killers().stream().allMatch(Killer.Claim.class::isInstance)) {
          assertThat(compiler.compile(mutant)).as(mutant.name()).isNotEmpty();
        }
      }
    }
  }

  @Test
  void aHunkMayMove() throws Exception {
    write("ext2-dax", "wrong-answer", HEAD + DIFF);
    source(SOURCE.replace("class A", "/** More lines\n * than before.\n */\nclass A"));
    assertThat(MutantCompiler.sources(only()).get("p/A.java"))
        .contains("return 43;", "than before")
        .doesNotContain("42");
  }

  @Test
  void aLineThatChangedIsAnError() throws Exception {
    write("ext2-dax", "wrong-answer", HEAD + DIFF);
    source(SOURCE.replace("int answer()", "int answer(int question)"));
    assertThatThrownBy(() -> MutantCompiler.sources(only()))
        .isInstanceOf(MutantException.class)
        .hasMessageContaining("wrong-answer: the patch no longer applies to p/A.java");
  }

  @Test
  void aMutantThatDoesNotCompileIsAnError() throws Exception {
    write("ext2-dax", "wrong-answer", HEAD + DIFF.replace("return 43", "return nothing"));
    source(SOURCE);
    try (MutantCompiler compiler = new MutantCompiler()) {
      assertThatThrownBy(() -> compiler.compile(only()))
          .isInstanceOf(MutantException.class)
          .hasMessageContaining("wrong-answer: does not compile")
          .hasMessageContaining("nothing");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reason: ", "origin: ", "killed-by: ", "--- a/", "killed-by: explore "})
  void aPartThatIsMissingIsAnError(String part) throws Exception {
    write("ext2-dax", "wrong-answer", (HEAD + DIFF).replace(part, "remark: "));
    assertThatThrownBy(() -> MutantCatalog.of(checkout))
        .isInstanceOf(MutantException.class)
        .hasMessageContaining("wrong-answer.patch");
  }

  @Test
  void twoOfOneNameAreAnError() throws Exception {
    write("ext2-dax", "wrong-answer", HEAD + DIFF);
    write("pmem-ffi", "wrong-answer", HEAD + DIFF);
    assertThatThrownBy(() -> MutantCatalog.of(checkout))
        .isInstanceOf(MutantException.class)
        .hasMessageContaining("a second mutant with this name");
  }

  @Test
  void anUnknownNameLeadsToTheNearest() throws Exception {
    write("ext2-dax", "wrong-answer", HEAD + DIFF);
    write("ext2-dax", "late-reply", HEAD + DIFF);
    MutantCatalog catalog = MutantCatalog.of(checkout);
    assertThatThrownBy(() -> catalog.named("wrong-answers"))
        .hasMessage("unknown mutant 'wrong-answers'; expected perhaps wrong-answer");
    assertThatThrownBy(() -> catalog.named("nonsense"))
        .hasMessage("unknown mutant 'nonsense'; expected one of late-reply, wrong-answer");
  }

  @Test
  void killersAreParsed() {
    assertThat(Killer.parse("explore fault-vs-truncate series 3"))
        .isEqualTo(new Killer.Scenario("fault-vs-truncate", "SERIES", 3));
    assertThat(Killer.parse("program g02-hole-write pagemap m 0"))
        .isEqualTo(new Killer.ShippedProgram("g02-hole-write", "pagemap m 0"));
    assertThat(Killer.parse("test io.pmem4j.ext2.FreezeTest#thaw"))
        .isEqualTo(new Killer.UnitTest("io.pmem4j.ext2.FreezeTest", "thaw", ""));
    assertThat(Killer.parse("test p.A#b was it 1"))
        .isEqualTo(new Killer.UnitTest("p.A", "b", "was it 1"));
    assertThat(Killer.parse("jvm p.A#b")).isEqualTo(new Killer.ForkedTest("p.A", "b", Map.of()));
    assertThat(Killer.parse("jvm p.A#b X=1 Y=a=b"))
        .isEqualTo(new Killer.ForkedTest("p.A", "b", Map.of("X", "1", "Y", "a=b")));
    assertThat(Killer.parse("claim p.A#b")).isEqualTo(new Killer.Claim("p.A", "b"));
    for (String wrong :
        List.of(
            "explore x",
            "explore x y z",
            "program x",
            "test x",
            "claim x",
            "jvm x",
            "jvm p.A#b X",
            "see x y")) {
      assertThatThrownBy(() -> Killer.parse(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong);
    }
  }
}
