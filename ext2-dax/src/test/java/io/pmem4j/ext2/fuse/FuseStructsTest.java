// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layouts beside the kernel's header, as the C compiler of this machine sees it. */
class FuseStructsTest {
  private static final Path HEADER = Path.of("/usr/include/linux/fuse.h");

  @TempDir private Path directory;

  @Test
  void sizesAndOffsetsAreThoseOfTheKernelsHeader() throws Exception {
    Optional<Path> compiler =
        List.of("/usr/bin/gcc", "/usr/bin/cc").stream()
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(compiler.isPresent() && Files.exists(HEADER), "needs gcc and " + HEADER);
    StringBuilder source =
        new StringBuilder(
            "#include <stddef.h>\n#include <stdio.h>\n#include <linux/fuse.h>\n"
                + "#include <linux/io_uring.h>\n");
    source.append("int main(void) {\n");
    List<String> ours = new ArrayList<>();
    List<StructLayout> all = new ArrayList<>(FuseStructs.ALL);
    all.addAll(FuseFileStructs.ALL);
    all.addAll(FuseXattrStructs.ALL);
    all.addAll(FuseRingStructs.OF_IO_URING);
    if (Files.readString(HEADER).contains("struct fuse_uring_cmd_req {")) {
      all.addAll(FuseRingStructs.OF_FUSE);
    }
    for (StructLayout layout : all) {
      String struct = layout.name().orElseThrow();
      source.append("printf(\"%%s %%zu\\n\", \"%1$s\", sizeof(struct %1$s));\n".formatted(struct));
      ours.add(struct + " " + layout.byteSize());
      for (MemoryLayout element : layout.memberLayouts()) {
        String field = element.name().orElseThrow();
        if (field.startsWith("resv")) {
          // The last of them has had several names.
          continue;
        }
        source.append(
            "printf(\"%%s %%zu\\n\", \"%1$s.%2$s\", offsetof(struct %1$s, %2$s));\n"
                .formatted(struct, field));
        ours.add(struct + "." + field + " " + layout.byteOffset(PathElement.groupElement(field)));
      }
    }
    Path file = Files.writeString(directory.resolve("layout.c"), source + "return 0; }\n");
    Path program = directory.resolve("layout");
    run(List.of(compiler.orElseThrow().toString(), "-o", program.toString(), file.toString()));
    assertThat(run(List.of(program.toString())).lines()).containsExactlyElementsOf(ours);
  }

  private static String run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
