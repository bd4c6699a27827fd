// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Loads the classes of a mutant, and anew every class that may see them: those of ext2-dax and of
 * the harness, and those of pmem-ffi if the mutant changes that. A package is loaded whole by one
 * loader, so that its classes reach each other. All others are the parent's.
 *
 * <p>The types of this package are the parent's as well: what crosses the border is made of them,
 * or of the JDK's.
 */
public final class MutantLoader extends URLClassLoader {
  private static final String PROJECT = "io.pmem4j.";
  private static final String BORDER = MutantLoader.class.getPackageName() + ".";
  private static final List<String> ABOVE_PMEM_FFI =
      List.of("io.pmem4j.ext2.", "io.pmem4j.harness.");

  static {
    ClassLoader.registerAsParallelCapable();
  }

  private final Map<String, byte[]> mutated;
  private final List<String> anew;

  private MutantLoader(
      String name, URL[] path, Map<String, byte[]> mutated, List<String> anew, ClassLoader parent) {
    super(name, path, parent);
    this.mutated = mutated;
    this.anew = anew;
  }

  /**
   * A loader for a mutant.
   *
   * @param mutated its class files by the name of their class
   * @param more folders with classes that are not on the class path of this JVM
   */
  public static MutantLoader of(Mutant mutant, Map<String, byte[]> mutated, List<Path> more) {
    List<URL> path = new ArrayList<>();
    try {
      for (Path each : more) {
        path.add(each.toUri().toURL());
      }
      for (String each : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        path.add(Path.of(each).toUri().toURL());
      }
    } catch (MalformedURLException e) {
      throw new IllegalStateException(e);
    }
    boolean low = mutated.keySet().stream().noneMatch(MutantLoader::isAbovePmemFfi);
    return new MutantLoader(
        "mutant " + mutant.name(),
        path.toArray(URL[]::new),
        Map.copyOf(mutated),
        low ? List.of(PROJECT) : ABOVE_PMEM_FFI,
        MutantLoader.class.getClassLoader());
  }

  private static boolean isAbovePmemFfi(String type) {
    return ABOVE_PMEM_FFI.stream().anyMatch(type::startsWith);
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (name.startsWith(BORDER) || anew.stream().noneMatch(name::startsWith)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      Class<?> type = known != null ? known : findClass(name);
      if (resolve) {
        resolveClass(type);
      }
      return type;
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = mutated.get(name);
    return bytes == null
        ? super.findClass(name)
        : defineClass(name, bytes, 0, bytes.length, MutantLoader.class.getProtectionDomain());
  }

  /**
   * Runs a function on the mutant.
   *
   * @param type a public class with a public constructor without parameters; this loader loads it
   *     anew, and argument and result cross the border
   */
  @SuppressWarnings("unchecked") // the class of the same name, loaded anew
  public <T, R> R apply(Class<? extends Function<T, R>> type, T argument) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(this);
    try {
      Class<?> loaded = loadClass(type.getName());
      return ((Function<T, R>) loaded.getConstructor().newInstance()).apply(argument);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot run on " + getName(), e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
