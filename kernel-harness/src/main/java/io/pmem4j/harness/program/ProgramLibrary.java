// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.MalformedInputException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The sources of programs: those that ship with the harness, files, and folders of files. */
public final class ProgramLibrary {
  /** Far above any program that is read by people, far below the heap. */
  private static final long MAX_FILE_BYTES = 4 << 20;

  private ProgramLibrary() {}

  /** All conformance programs, by name. */
  public static List<Program> shipped() throws IOException, ProgramSyntaxException {
    URL folder = ProgramLibrary.class.getResource("/programs");
    if (folder == null) {
      throw new NoSuchFileException("/programs", null, "not on the class path");
    }
    try {
      URI uri = folder.toURI();
      if (!uri.getScheme().equals("jar")) {
        return folder(Path.of(uri));
      }
      try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
        return folder(jar.getPath("/programs"));
      }
    } catch (URISyntaxException e) {
      throw new IOException("class path: " + e.getMessage(), e);
    }
  }

  /** Returns the program in a file, or the programs in a folder, sorted by name. */
  public static List<Program> at(Path path) throws IOException, ProgramSyntaxException {
    if (!Files.isDirectory(path)) {
      return List.of(file(path));
    }
    List<Program> programs = folder(path);
    if (programs.isEmpty()) {
      throw new FileSystemException(
          path.toString(), null, "the folder has no programs (*" + Program.SUFFIX + ")");
    }
    return programs;
  }

  private static List<Program> folder(Path folder) throws IOException, ProgramSyntaxException {
    List<Path> files;
    try (Stream<Path> list = Files.list(folder)) {
      files = list.filter(file -> file.toString().endsWith(Program.SUFFIX)).sorted().toList();
    }
    List<Program> programs = new ArrayList<>();
    for (Path file : files) {
      programs.add(file(file));
    }
    return programs;
  }

  private static Program file(Path file) throws IOException, ProgramSyntaxException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new FileSystemException(
          file.toString(),
          null,
          Files.size(file) + " bytes; a program has at most " + MAX_FILE_BYTES);
    }
    try {
      return ProgramParser.parse(file.toString(), Files.readString(file));
    } catch (MalformedInputException e) {
      throw new ProgramSyntaxException(file.toString(), 1, "not a text file");
    }
  }
}
