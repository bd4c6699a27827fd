// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * A room uses only rooms before it: durable, mutant, program, guest, jni, backend, explore,
 * conform, report, cli.
 */
@AnalyzeClasses(packages = "io.pmem4j.harness", importOptions = DoNotIncludeTests.class)
class HarnessArchitectureTest {
  @ArchTest
  static final ArchRule ROOMS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("durable")
          .definedBy("io.pmem4j.harness.durable..")
          .layer("mutant")
          .definedBy("io.pmem4j.harness.mutant..")
          .layer("program")
          .definedBy("io.pmem4j.harness.program..")
          .layer("guest")
          .definedBy("io.pmem4j.harness.guest..")
          .layer("jni")
          .definedBy("io.pmem4j.harness.jni..")
          .layer("backend")
          .definedBy("io.pmem4j.harness.backend..")
          .layer("explore")
          .definedBy("io.pmem4j.harness.explore..")
          .layer("conform")
          .definedBy("io.pmem4j.harness.conform..")
          .layer("report")
          .definedBy("io.pmem4j.harness.report..")
          .layer("cli")
          .definedBy("io.pmem4j.harness.cli..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("report")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("conform")
          .mayOnlyBeAccessedByLayers("report", "cli")
          .whereLayer("explore")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("backend")
          .mayOnlyBeAccessedByLayers("explore", "conform", "report", "cli")
          .whereLayer("jni")
          .mayOnlyBeAccessedByLayers("backend")
          .whereLayer("guest")
          .mayOnlyBeAccessedByLayers("jni", "backend", "conform", "report", "cli")
          .whereLayer("durable")
          .mayOnlyBeAccessedByLayers("backend", "explore")
          .whereLayer("mutant")
          .mayOnlyBeAccessedByLayers("explore", "cli")
          .whereLayer("program")
          .mayOnlyBeAccessedByLayers("guest", "jni", "backend", "conform", "report", "cli");

  @ArchTest
  static final ArchRule NATIVE_METHODS =
      methods()
          .that()
          .haveModifier(JavaModifier.NATIVE)
          .should()
          .beDeclaredInClassesThat()
          .resideInAPackage("io.pmem4j.harness.jni")
          .because("there is one place with JNI");
}
