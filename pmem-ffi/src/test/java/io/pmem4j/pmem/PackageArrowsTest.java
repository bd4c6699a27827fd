// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A package uses only packages above it in this list. */
class PackageArrowsTest {
  private static final List<String> ABOVE_TO_BELOW =
      List.of("io.pmem4j.pmem.libpmem", "io.pmem4j.pmem", "io.pmem4j.sched", "io.pmem4j.durable");

  private static final Path CLASSES = Path.of("target/classes");
  private static final JavaClasses MODULE = new ClassFileImporter().importPath(CLASSES);

  private static ArchRule usesNothingBelow(int row) {
    String[] below = ABOVE_TO_BELOW.subList(row + 1, ABOVE_TO_BELOW.size()).toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(ABOVE_TO_BELOW.get(row))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(below)
        .allowEmptyShould(true);
  }

  @Test
  void nobodyImportsFromBelow() {
    for (int row = 0; row < ABOVE_TO_BELOW.size() - 1; row++) {
      usesNothingBelow(row).check(MODULE);
    }
  }

  @Test
  void onlyTheRegionApiTouchesTheBinding() {
    classes()
        .that()
        .resideInAPackage("io.pmem4j.pmem.libpmem")
        .should()
        .onlyBeAccessed()
        .byAnyPackage("io.pmem4j.pmem", "io.pmem4j.pmem.libpmem")
        .check(MODULE);
  }

  @Test
  void locksKnowNothingOfMemory() {
    noClasses()
        .that()
        .resideInAPackage("io.pmem4j.sched")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.pmem4j.pmem..")
        .check(MODULE);
  }

  @Test
  void theApiIsExportedToEveryModule() {
    ModuleDescriptor module =
        ModuleFinder.of(CLASSES).find("io.pmem4j.pmem").orElseThrow().descriptor();
    assertThat(module.exports().stream().collect(toMap(Exports::source, Exports::targets)))
        .isEqualTo(
            Map.of(
                "io.pmem4j.durable",
                Set.of(),
                "io.pmem4j.pmem",
                Set.of(),
                "io.pmem4j.sched",
                Set.of()));
    assertThat(module.requires().stream().map(Requires::name))
        .containsExactlyInAnyOrder("java.base", "jdk.jfr", "jdk.nio.mapmode", "org.jspecify");
    assertThat(module.requires())
        .filteredOn(needed -> needed.name().equals("jdk.jfr"))
        .allSatisfy(needed -> assertThat(needed.modifiers()).contains(Requires.Modifier.STATIC));
  }

  /** The rule for the row above the region API's, asked of the region API: it must say no. */
  @Test
  void theArrowCheckFindsAnArrowThatPointsUp() {
    ArchRule upsideDown =
        noClasses()
            .that()
            .resideInAPackage("io.pmem4j.pmem")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.pmem4j.pmem.libpmem");
    assertThat(upsideDown.evaluate(MODULE).hasViolation()).isTrue();
  }

  @Test
  void everyPackageOpensWithWhatItIs() throws Exception {
    try (Stream<Path> folders = Files.walk(Path.of("src/main/java/io"))) {
      assertThat(
              folders
                  .filter(Files::isDirectory)
                  .filter(PackageArrowsTest::holdsSource)
                  .filter(folder -> !Files.exists(folder.resolve("package-info.java"))))
          .isEmpty();
    }
  }

  @Test
  void noTwoClassesShareASimpleName() throws Exception {
    try (Stream<Path> sources = Files.walk(Path.of("src"))) {
      Map<String, List<Path>> byName =
          sources
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("package-info.java"))
              .collect(Collectors.groupingBy(file -> file.getFileName().toString()));
      assertThat(byName).hasSizeGreaterThan(100);
      assertThat(byName.values()).allSatisfy(files -> assertThat(files).hasSize(1));
    }
  }

  private static boolean holdsSource(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".java"));
    } catch (java.io.IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }
}
