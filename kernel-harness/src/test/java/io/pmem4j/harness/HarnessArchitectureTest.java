// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import io.pmem4j.harness.image.OwnedDirectory;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Each room uses only the rooms listed for it, all of which stand before it. */
@AnalyzeClasses(packages = "io.pmem4j.harness", importOptions = DoNotIncludeTests.class)
class HarnessArchitectureTest {
  private static final String ROOT = "io.pmem4j.harness.";

  @ArchTest static final ArchRule ROOMS = rooms();

  @ArchTest
  static final ArchRule NATIVE_METHODS =
      methods()
          .that()
          .haveModifier(JavaModifier.NATIVE)
          .should()
          .beDeclaredInClassesThat()
          .resideInAPackage(ROOT + "jni")
          .because("there is one place with JNI");

  /** A temporary file of nobody stays when the JVM is killed. */
  @ArchTest
  static final ArchRule TEMPORARY_FILES =
      noClasses()
          .that(are(not(type(OwnedDirectory.class))))
          .should()
          .callMethodWhere(
              target(owner(type(Files.class)))
                  .and(target(nameMatching("createTemp(File|Directory)"))))
          .because("a WorkDirectory goes with the JVM, however that ends");

  private static LayeredArchitecture rooms() {
    Map<String, List<String>> uses = new LinkedHashMap<>();
    room(uses, "device");
    room(uses, "campaign.journal");
    room(uses, "campaign.work");
    room(uses, "mutant");
    room(uses, "wire");
    room(uses, "program", "wire");
    room(uses, "program.generator", "program");
    room(uses, "image", "program");
    room(uses, "campaign", "device", "image", "campaign.journal", "campaign.work");
    room(uses, "durable", "image");
    room(uses, "kernel", "program", "wire");
    room(uses, "guest.console", "wire");
    room(uses, "guest.trace", "wire", "kernel");
    room(uses, "guest.qemu", "device", "wire", "image", "kernel", "guest.trace");
    room(uses, "guest", "wire", "kernel", "guest.console", "guest.qemu");
    room(uses, "jni", "wire", "image");
    room(uses, "backend", "program", "wire", "image", "kernel");
    room(uses, "backend.syscall", "program", "wire", "kernel", "backend");
    room(uses, "backend.model", "durable", "program", "image", "kernel", "backend");
    room(
        uses,
        "backend.guest",
        "program",
        "wire",
        "image",
        "kernel",
        "guest.trace",
        "guest.qemu",
        "guest",
        "backend",
        "backend.syscall");
    room(uses, "backend.host", "program", "wire", "image", "jni", "backend", "backend.syscall");
    room(uses, "crash", "image");
    room(
        uses,
        "crash.kernel",
        "program",
        "wire",
        "image",
        "kernel",
        "guest.trace",
        "guest.qemu",
        "guest",
        "backend",
        "backend.guest",
        "crash");
    room(
        uses,
        "crash.model",
        "program",
        "image",
        "kernel",
        "guest.trace",
        "backend",
        "backend.model",
        "backend.guest",
        "crash",
        "crash.kernel");
    room(uses, "explore.scenario", "durable", "program", "image", "backend", "backend.model");
    room(uses, "explore.export", "backend.model", "explore.scenario");
    room(uses, "explore", "mutant", "program", "explore.scenario");
    room(
        uses,
        "conform",
        "program",
        "program.generator",
        "wire",
        "image",
        "kernel",
        "guest.qemu",
        "backend",
        "backend.model",
        "backend.guest",
        "backend.host");
    room(uses, "report", "program", "program.generator", "kernel", "conform");
    room(
        uses,
        "cli",
        "device",
        "campaign.journal",
        "campaign.work",
        "campaign",
        "mutant",
        "program",
        "program.generator",
        "wire",
        "image",
        "kernel",
        "guest.qemu",
        "guest",
        "backend",
        "backend.guest",
        "backend.host",
        "crash",
        "crash.kernel",
        "crash.model",
        "explore.scenario",
        "explore.export",
        "explore",
        "conform",
        "report");
    LayeredArchitecture rooms =
        layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .ensureAllClassesAreContainedInArchitecture();
    for (String room : uses.keySet()) {
      rooms = rooms.layer(room).definedBy(ROOT + room);
    }
    for (Map.Entry<String, List<String>> room : uses.entrySet()) {
      rooms =
          room.getValue().isEmpty()
              ? rooms.whereLayer(room.getKey()).mayNotAccessAnyLayer()
              : rooms
                  .whereLayer(room.getKey())
                  .mayOnlyAccessLayers(room.getValue().toArray(String[]::new));
    }
    return rooms;
  }

  private static void room(Map<String, List<String>> uses, String room, String... used) {
    for (String before : used) {
      if (!uses.containsKey(before)) {
        throw new IllegalArgumentException(room + " uses " + before + ", which stands after it");
      }
    }
    uses.put(room, List.of(used));
  }
}
