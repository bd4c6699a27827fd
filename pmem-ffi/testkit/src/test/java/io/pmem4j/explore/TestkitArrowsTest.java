// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The test kit uses pmem-ffi and nothing of the modules above it. */
class TestkitArrowsTest {
  private static final Path CLASSES = Path.of("target/classes");
  private static final JavaClasses KIT = new ClassFileImporter().importPath(CLASSES);

  private static ArchRule explorerUsesOnly(String... packages) {
    return classes()
        .that()
        .resideInAPackage("io.pmem4j.explore")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(packages);
  }

  @Test
  void theExplorerKnowsLocksAndNoMemoryOrFiles() {
    explorerUsesOnly("java..", "org.jspecify..", "io.pmem4j.sched", "io.pmem4j.explore").check(KIT);
  }

  @Test
  void theCrashEngineKnowsMemoryAndNoFileSystem() {
    classes()
        .that()
        .resideInAPackage("io.pmem4j.crash")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.jspecify..",
            "io.pmem4j.pmem",
            "io.pmem4j.sched",
            "io.pmem4j.explore",
            "io.pmem4j.crash")
        .check(KIT);
  }

  /** The same rule without the locks: it must find the scheduler. */
  @Test
  void theArrowCheckFindsAnArrow() {
    assertThat(
            explorerUsesOnly("java..", "org.jspecify..", "io.pmem4j.explore")
                .evaluate(KIT)
                .hasViolation())
        .isTrue();
  }

  @Test
  void theModuleRequiresPmemFfiAlone() {
    ModuleDescriptor module =
        ModuleFinder.of(CLASSES).find("io.pmem4j.testkit").orElseThrow().descriptor();
    assertThat(module.requires().stream().map(ModuleDescriptor.Requires::name))
        .containsExactlyInAnyOrder(
            "java.base", "io.pmem4j.pmem", "org.jspecify", "org.junit.jupiter.api");
    assertThat(module.exports().stream().map(ModuleDescriptor.Exports::source))
        .containsExactlyInAnyOrder("io.pmem4j.crash", "io.pmem4j.crash.junit", "io.pmem4j.explore");
  }

  /** The sources of the test kit with those of the module it tests, which lie around them. */
  @Test
  void noClassSharesItsSimpleNameWithOneOfPmemFfi() throws Exception {
    try (Stream<Path> sources = Files.walk(Path.of(".."))) {
      Map<String, List<Path>> byName =
          sources
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("package-info.java"))
              .filter(file -> !file.endsWith("module-info.java"))
              .collect(Collectors.groupingBy(file -> file.getFileName().toString()));
      assertThat(byName).containsKeys("Explorer.java", "PmemRegion.java");
      assertThat(byName.values()).allSatisfy(files -> assertThat(files).hasSize(1));
    }
  }
}
