// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import com.github.difflib.UnifiedDiffUtils;
import com.github.difflib.patch.PatchFailedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Applies the patch of a mutant and compiles the files that it touches, in memory. Thread-safe. */
public final class MutantCompiler implements AutoCloseable {
  private static final String OLD = "--- a/";
  private static final String SOURCES = "src/main/java";

  private final JavaCompiler javac;
  private final StandardJavaFileManager files;

  /**
   * A compiler against the class path of this JVM.
   *
   * @throws MutantException if this Java has no compiler
   */
  public MutantCompiler() {
    JavaCompiler found = ToolProvider.getSystemJavaCompiler();
    if (found == null) {
      throw new MutantException(
          "the Java at " + System.getProperty("java.home") + " has no compiler: use a JDK");
    }
    this.javac = found;
    this.files = found.getStandardFileManager(null, null, StandardCharsets.UTF_8);
  }

  /**
   * Returns the files that a mutant changes, by their path below the module's sources, as they are
   * after the patch.
   *
   * @throws MutantException if the patch does not apply: every line that a hunk shows has to be in
   *     the source as it is, but the hunk may have moved
   */
  public static Map<String, String> sources(Mutant mutant) throws IOException {
    Map<String, String> changed = new LinkedHashMap<>();
    List<String> patch = mutant.patch();
    int at = 0;
    while (at < patch.size()) {
      int end = at + 1;
      while (end < patch.size() && !patch.get(end).startsWith(OLD)) {
        end++;
      }
      if (!patch.get(at).startsWith(OLD)) {
        throw new MutantException(
            mutant.name() + ": the diff begins with '" + patch.get(at) + "', expected --- a/FILE");
      }
      String file = patch.get(at).substring(OLD.length()).strip();
      changed.put(file, patched(mutant, file, patch.subList(at, end)));
      at = end;
    }
    return changed;
  }

  private static String patched(Mutant mutant, String file, List<String> diff) throws IOException {
    try {
      List<String> before = Files.readAllLines(mutant.module().resolve(SOURCES).resolve(file));
      List<String> after = UnifiedDiffUtils.parseUnifiedDiff(diff).applyFuzzy(before, 0);
      if (after.equals(before)) {
        throw new MutantException(mutant.name() + ": the patch changes nothing in " + file);
      }
      return String.join("\n", after) + "\n";
    } catch (PatchFailedException e) {
      throw new MutantException(
          "%s: the patch no longer applies to %s (%s): make the same fault there, and write the diff anew"
              .formatted(mutant.name(), file, e.getMessage()),
          e);
    } catch (NoSuchFileException e) {
      throw new MutantException(mutant.name() + ": no source " + e.getFile(), e);
    }
  }

  /**
   * Compiles the files that a mutant touches.
   *
   * @return class files by the name of their class
   * @throws MutantException if the patch does not apply, or the result does not compile
   */
  public synchronized Map<String, byte[]> compile(Mutant mutant) throws IOException {
    List<JavaFileObject> units = new ArrayList<>();
    sources(mutant).forEach((file, text) -> units.add(new Source(file, text)));
    Map<String, ByteArrayOutputStream> compiled = new HashMap<>();
    StringWriter errors = new StringWriter();
    boolean done =
        javac
            .getTask(
                errors,
                new InMemory(files, compiled),
                null,
                List.of("-proc:none", "-nowarn", "-implicit:none", "-cp", classPath()),
                null,
                units)
            .call();
    if (!done) {
      throw new MutantException(mutant.name() + ": does not compile: " + errors);
    }
    Map<String, byte[]> classes = new HashMap<>();
    compiled.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  @Override
  public void close() throws IOException {
    files.close();
  }

  /** A source that exists in memory only. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("mutant:///" + file), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** A file manager that keeps the compiler's output in memory. */
  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> compiled;

    InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> compiled) {
      super(files);
      this.compiled = compiled;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      compiled.put(className, bytes);
      return new SimpleJavaFileObject(URI.create("mutant:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          return bytes;
        }
      };
    }
  }
}
