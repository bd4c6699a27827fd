// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.tool.ImageFiles;
import io.pmem4j.ext2.tool.ImagePath;
import io.pmem4j.ext2.tool.TreeCopy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verb {@code cp}: copies between the host and an image. */
@Command(
    name = "cp",
    description = {
      "Copies files between the host and an ext2 image that is not mounted, with modes,",
      "owners, times, holes, links, special files and extended attributes.",
      "A path in the image begins with a colon: cp IMAGE /etc/hosts :/hosts.",
      ImageVerb.EXITS
    })
final class CpCommand extends ImageVerb {
  @Parameters(
      index = "1..*",
      arity = "2..*",
      paramLabel = "PATH",
      description = "sources, and then the target: a directory if it is there, or a new name")
  private List<String> paths = new ArrayList<>();

  @Option(
      names = {"-r", "-a"},
      description = "directories too, with all that is below them")
  private boolean recursive;

  CpCommand() {
    super(false);
  }

  private static boolean isInside(String path) {
    return path.startsWith(":");
  }

  @Override
  void run(ImageFiles files, PrintWriter out) throws IOException {
    String target = paths.getLast();
    List<String> sources = paths.subList(0, paths.size() - 1);
    boolean in = isInside(target);
    if (sources.stream().anyMatch(each -> isInside(each) == in)) {
      throw new IllegalArgumentException(
          "cp: sources on one side and the target on the other: those in the image begin with ':'");
    }
    boolean root = "root".equals(System.getProperty("user.name"));
    TreeCopy copy = new TreeCopy(files, recursive, root);
    for (String each : sources) {
      if (in) {
        Path source = Path.of(each);
        byte[] name = TreeCopy.name(source.toAbsolutePath().normalize());
        copy.in(source, ImageVerbs.target(files, target.substring(1), name));
      } else {
        String path = each.substring(1);
        Stat stat = files.find(path);
        copy.out(stat, onHost(Path.of(target), path));
      }
    }
    if (copy.leftOut() > 0) {
      out.println(
          "cp: " + copy.leftOut() + " attributes left out: the target has no place for them");
    }
  }

  private static Path onHost(Path target, String path) {
    List<byte[]> names = ImagePath.names(path);
    return Files.isDirectory(target) && !names.isEmpty()
        ? TreeCopy.child(target, names.getLast())
        : target;
  }
}
