// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.libpmem;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The prototypes and constants in jextract's output, by name. */
record GeneratedSource(Map<String, String> prototypes, Map<String, Long> constants) {
  static final Path FOLDER = Path.of("src/main/java/io/pmem4j/pmem/libpmem");

  private static final Pattern PROTOTYPE =
      Pattern.compile("^ +\\* ([a-z][\\w *]*?[ *](pmem_\\w+)\\(.*\\))$", Pattern.MULTILINE);
  private static final Pattern CONSTANT =
      Pattern.compile("^ +\\* #define (PMEM_\\w+) ", Pattern.MULTILINE);

  static GeneratedSource read() throws IOException, ReflectiveOperationException {
    String text = Files.readString(FOLDER.resolve("LibPmem.java"));
    Map<String, String> prototypes = new TreeMap<>();
    for (Matcher match = PROTOTYPE.matcher(text); match.find(); ) {
      prototypes.put(match.group(2), match.group(1));
    }
    Map<String, Long> constants = new TreeMap<>();
    for (Matcher match = CONSTANT.matcher(text); match.find(); ) {
      Object value = LibPmem.class.getMethod(match.group(1)).invoke(null);
      constants.put(match.group(1), ((Number) value).longValue());
    }
    return new GeneratedSource(prototypes, constants);
  }

  static MemorySegment address(String function) throws ReflectiveOperationException {
    return (MemorySegment) LibPmem.class.getMethod(function + "$address").invoke(null);
  }

  static FunctionDescriptor descriptor(String function) throws ReflectiveOperationException {
    return (FunctionDescriptor) LibPmem.class.getMethod(function + "$descriptor").invoke(null);
  }
}
