// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.libpmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The checked-in binding equals jextract's output and fits the installed libpmem. */
class BindingTest {
  private static final Path CHECKSUMS = Path.of("src/main/jextract/SHA256SUMS");
  private static final Path INCLUDES = Path.of("src/main/jextract/includes.txt");

  @Test
  void nobodyHasEditedTheBinding() throws Exception {
    for (String line : Files.readAllLines(CHECKSUMS)) {
      String[] sumAndName = line.split(" +", 2);
      byte[] source = Files.readAllBytes(GeneratedSource.FOLDER.resolve(sumAndName[1]));
      assertThat(sha256(source))
          .as("%s is generated: change includes.txt and run jextract, see README", sumAndName[1])
          .isEqualTo(sumAndName[0]);
    }
    try (Stream<Path> files = Files.list(GeneratedSource.FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("LibPmem.java", "LibPmem$shared.java", "package-info.java");
    }
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void whatIsListedIsBound() throws Exception {
    assumeLibrary();
    GeneratedSource source = GeneratedSource.read();
    assertThat(source.prototypes().keySet()).isEqualTo(listed("--include-function "));
    assertThat(source.constants().keySet()).isEqualTo(listed("--include-constant "));
  }

  private static Set<String> listed(String option) throws IOException {
    return Files.readAllLines(INCLUDES).stream()
        .filter(line -> line.startsWith(option))
        .map(line -> line.substring(option.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyBoundFunctionIsInTheLibrary() throws Exception {
    assumeLibrary();
    SymbolLookup library = SymbolLookup.libraryLookup("libpmem.so.1", Arena.global());
    for (String function : GeneratedSource.read().prototypes().keySet()) {
      assertThat(GeneratedSource.address(function))
          .as(function)
          .isEqualTo(library.findOrThrow(function));
    }
  }

  @Test
  void everyFunctionOfTheLibraryIsBound() throws Exception {
    assumeLibrary();
    assumeTrue(Command.exists("nm"), "nm is not installed: apt-get install binutils");
    Path library = loadedLibrary();
    Command nm = Command.run("", "nm", "-D", "--defined-only", library.toString());
    assertThat(nm.exit()).as(nm.output()).isZero();
    Set<String> exported =
        nm.output()
            .lines()
            .filter(line -> line.matches(".* T pmem_\\w+@@LIBPMEM_1\\.0"))
            .map(line -> line.replaceAll(".* T (\\w+)@@.*", "$1"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(exported).isNotEmpty();
    assertThat(GeneratedSource.read().prototypes().keySet()).containsAll(exported);
  }

  private static Path loadedLibrary() throws IOException, ReflectiveOperationException {
    long anywhereInside = GeneratedSource.address("pmem_persist").address();
    assertThat(anywhereInside).isNotZero();
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("/libpmem.so.1"))
        .map(line -> Path.of(line.substring(line.indexOf('/'))))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void prototypesAndConstantsAreThoseOfTheHeader() throws Exception {
    assumeLibrary();
    assumeCompilerAndHeader();
    assertThat(compile(declarations()).output()).isEmpty();
  }

  @Test
  void theHeaderCheckFindsAChangedPrototype() throws Exception {
    assumeLibrary();
    assumeCompilerAndHeader();
    String changed =
        declarations()
            .replace(
                "int pmem_msync(const void *addr, size_t", "int pmem_msync(const void *addr, int");
    assertThat(compile(changed).output()).contains("conflicting types").contains("pmem_msync");
  }

  @Test
  void theHeaderCheckFindsAChangedConstant() throws Exception {
    assumeLibrary();
    assumeCompilerAndHeader();
    String changed = declarations().replace("PMEM_FILE_EXCL == 2LL", "PMEM_FILE_EXCL == 3LL");
    assertThat(compile(changed).output()).contains("static assertion failed");
  }

  /** The binding's prototypes again after the header's, and its constants as assertions. */
  private static String declarations() throws Exception {
    GeneratedSource source = GeneratedSource.read();
    StringBuilder text = new StringBuilder("#include <sys/types.h>\n#include <libpmem.h>\n");
    source.prototypes().values().forEach(p -> text.append(p).append(";\n"));
    source
        .constants()
        .forEach((name, value) ->
            text.append("_Static_assert(" + name + " == " + value + "LL, \"" + name + "\");\n"));
    return text.toString();
  }

  private static Command compile(String c) throws Exception {
    return Command.run(c, "gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-x", "c", "-");
  }

  @Test
  void descriptorsHaveTheSizesOfThePrototypes() throws Exception {
    assumeLibrary();
    for (var entry : GeneratedSource.read().prototypes().entrySet()) {
      String prototype = entry.getValue();
      FunctionDescriptor descriptor = GeneratedSource.descriptor(entry.getKey());
      String parameters =
          prototype.substring(prototype.indexOf('(') + 1, prototype.length() - 1).strip();
      List<Long> expected = new ArrayList<>();
      for (String parameter : parameters.isEmpty() ? new String[0] : parameters.split(",")) {
        expected.add(sizeOf(parameter.strip()));
      }
      assertThat(descriptor.argumentLayouts().stream().map(MemoryLayout::byteSize).toList())
          .as(prototype)
          .isEqualTo(expected);
      String result = prototype.substring(0, prototype.indexOf(entry.getKey())).strip();
      assertThat(descriptor.returnLayout().map(MemoryLayout::byteSize).orElse(0L))
          .as(prototype)
          .isEqualTo(result.equals("void") ? 0 : sizeOf(result));
    }
  }

  private static long sizeOf(String declaration) {
    if (declaration.contains("*")) {
      return 8;
    }
    return declaration.startsWith("size_t") ? 8 : 4; // int, unsigned, mode_t
  }

  private static void assumeLibrary() {
    boolean present = true;
    try {
      SymbolLookup.libraryLookup("libpmem.so.1", Arena.global());
    } catch (IllegalArgumentException missing) {
      present = false;
    }
    assumeTrue(present, "libpmem.so.1 is not installed: apt-get install libpmem1");
  }

  private static void assumeCompilerAndHeader() {
    assumeTrue(Command.exists("gcc"), "gcc is not installed: apt-get install gcc libc6-dev");
    assumeTrue(
        Files.exists(Path.of("/usr/include/libpmem.h")),
        "libpmem.h is not installed: apt-get install libpmem-dev");
  }
}
