// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.pmem4j.ext2.mm.UserBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rooms of the house: a row imports only rows above it; stores go one way only. */
class ArchitectureTest {
  private static final String ROOT = "io.pmem4j.ext2";

  /** In the order of the table; each may use those before it. */
  private static final List<String> ROWS =
      List.of(
          "observe", "layout", "lock", "mm", "page", "dax", "volume", "format", "check", "alloc",
          "xattr", "acl", "inode", "dir", "file", "namei", "lab");

  /** Classes of the facade's package that every room may use, because they use none. */
  private static final Set<String> VOCABULARY =
      Set.of(
          "Errno",
          "Ext2Exception",
          "FileMode",
          "CorruptFileSystemException",
          "UnsupportedFeatureException",
          "Instrumentation",
          "MountOptions",
          "MountFlag",
          "FileSystemPanic",
          "AccessTimes",
          "ErrorPolicy",
          "Variation",
          "IsolationViolation",
          "Stat",
          "Credentials",
          "Capability",
          "DirectoryEntry",
          "FileSystemUse",
          "Extent");

  /** The face whose segments are the kernel's requests, and no medium. */
  private static final String FUSE = ROOT + ".fuse";

  /** The face of tools on images. */
  private static final String TOOL = ROOT + ".tool";

  private static final String[] BELOW_US = {
    "java..", "org.jspecify..", "io.pmem4j.pmem", "io.pmem4j.sched"
  };

  private final JavaClasses production =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static DescribedPredicate<JavaClass> vocabulary() {
    return DescribedPredicate.describe(
        "the vocabulary",
        type -> {
          JavaClass outermost = outermost(type.getBaseComponentType());
          return outermost.getPackageName().equals(ROOT)
              && VOCABULARY.contains(outermost.getSimpleName());
        });
  }

  /** The class of the file that declares {@code type}: a nested class belongs to it. */
  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type);
  }

  @Test
  void aRowImportsOnlyRowsAboveIt() {
    List<String> allowed = new ArrayList<>(List.of(BELOW_US));
    for (String row : ROWS) {
      allowed.add(ROOT + "." + row);
      classes()
          .that()
          .resideInAPackage(ROOT + "." + row)
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(allowed.toArray(String[]::new)).or(vocabulary()))
          .check(production);
    }
  }

  @Test
  void toolsUseTheFacadeAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(TOOL)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(TOOL)
        .check(production);
    classes()
        .that()
        .resideInAPackage(TOOL)
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(BELOW_US).or(resideInAnyPackage(ROOT, TOOL)))
        .check(production);
  }

  @Test
  void nothingUsesAFace() {
    noClasses()
        .that()
        .resideOutsideOfPackage(FUSE)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(FUSE)
        .check(production);
  }

  /** A face is made of the facade: it sees no inode and no block. */
  @Test
  void aFaceUsesTheFacadeAlone() {
    classes()
        .that()
        .resideInAPackage(FUSE)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(BELOW_US)
                .or(resideInAnyPackage(ROOT, FUSE))
                .or(JavaClass.Predicates.belongToAnyOf(UserBuffer.class)))
        .check(production);
  }

  @Test
  void theVocabularyUsesNoRoomButTheOrders() {
    classes()
        .that(vocabulary())
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(BELOW_US).or(resideInAnyPackage(ROOT + ".lock")).or(vocabulary()))
        .check(production);
  }

  @Test
  void nothingUsesTheLab() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".lab")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".lab")
        .check(production);
    assertThat(
            ModuleFinder.of(Path.of("target/classes"))
                .find(ROOT)
                .orElseThrow()
                .descriptor()
                .exports()
                .stream()
                .map(ModuleDescriptor.Exports::source))
        .doesNotContain(ROOT + ".lab");
  }

  @Test
  void nothingUsesTheTestKit() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.pmem4j.explore..", "io.pmem4j.crash..")
        .check(production);
    assertThat(
            ModuleFinder.of(Path.of("target/classes"))
                .find(ROOT)
                .orElseThrow()
                .descriptor()
                .requires()
                .stream()
                .map(ModuleDescriptor.Requires::name))
        .containsExactlyInAnyOrder("java.base", "io.pmem4j.pmem", "org.jspecify");
  }

  /**
   * {@code MemorySegment.copy} is judged by the segment it stores to: here always an array. The
   * segments of FUSE are buffers that it shares with the kernel, and no file system.
   */
  @Test
  void segmentsAreOnlyRead() {
    noClasses()
        .that()
        .resideOutsideOfPackage(FUSE)
        .should()
        .callMethodWhere(
            DescribedPredicate.describe(
                "a store to a segment",
                call ->
                    call.getTargetOwner().isEquivalentTo(MemorySegment.class)
                        && (call.getName().startsWith("set")
                            || call.getName().equals("fill")
                            || call.getName().equals("copyFrom")
                            || (call.getName().equals("copy")
                                && !call.getTarget()
                                    .getRawParameterTypes()
                                    .get(3)
                                    .isEquivalentTo(Object.class)))))
        .check(production);
    noClasses()
        .that()
        .resideOutsideOfPackage(FUSE)
        .should()
        .callMethodWhere(
            DescribedPredicate.describe(
                "a store through a VarHandle",
                call ->
                    call.getTargetOwner().isEquivalentTo(VarHandle.class)
                        && !call.getName().startsWith("get")
                        && !call.getName().endsWith("Fence")
                        && !call.getName().startsWith("withInvoke")))
        .check(production);
  }
}
