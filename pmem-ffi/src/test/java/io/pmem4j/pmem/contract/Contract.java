// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.Pmem;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Tries the contract at a place of the caller's choice, in this JVM: {@code Contract PLACE
 * [--expect GRANULARITY] [--backend BACKEND] [--overwrite]}. The place is a folder, in which files
 * are made and removed, or a DAX device, whose first bytes are overwritten and zeroed: that has to
 * be allowed by {@code --overwrite}. With {@code --expect} regions of another granularity are a
 * failure. With {@code --backend} a folder is tried by that backend alone.
 *
 * <p>Prints a line for each test and at the end {@code contract run N failed N skipped N}. Exit: 0
 * if tests ran and none failed, 1 if one failed, 2 if the arguments are wrong, 3 if there is no
 * such place.
 */
public final class Contract {
  private static final Map<Backend, List<Class<?>>> FOLDER =
      Map.of(
          Backend.JDK,
          List.of(
              JdkRegionTest.class,
              JdkMappingTest.class,
              JdkCreationTest.class,
              JdkFileTest.class,
              JdkChannelTest.class,
              JdkTruncationTest.class,
              JdkThreadsTest.class,
              JdkStoreTest.class),
          Backend.LIBPMEM,
          List.of(
              LibPmemRegionTest.class,
              LibPmemMappingTest.class,
              LibPmemCreationTest.class,
              LibPmemFileTest.class,
              LibPmemChannelTest.class,
              LibPmemTruncationTest.class,
              LibPmemThreadsTest.class,
              LibPmemStoreTest.class));

  private static final List<Class<?>> DEVICE = List.of(OnDevice.class, StoresOnDevice.class);

  private Contract() {}

  /** Runs what fits the place, and exits. */
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.exit(run(arguments, out));
  }

  static int run(String[] arguments, PrintStream out) {
    List<String> rest = new ArrayList<>(List.of(arguments));
    boolean overwrite = rest.remove("--overwrite");
    Optional<Granularity> expected;
    List<Backend> backends;
    try {
      expected = option(rest, "--expect").map(Granularity::valueOf);
      backends =
          option(rest, "--backend")
              .map(name -> List.of(Backend.valueOf(name)))
              .orElse(List.of(Backend.values()));
      if (rest.size() != 1 || rest.getFirst().startsWith("-")) {
        throw new IllegalArgumentException("one place is needed");
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException misunderstood) {
      out.println("contract: " + misunderstood.getMessage());
      out.println(
          "usage: contract FOLDER|DEVICE [--expect BYTE|CACHE_LINE|PAGE]"
              + " [--backend JDK|LIBPMEM] [--overwrite]");
      return 2;
    }
    Path place = Path.of(rest.getFirst());
    if (!Files.exists(place)) {
      out.println("contract: " + place + " is not there");
      return 3;
    }
    boolean folder = Files.isDirectory(place);
    if (!folder && !overwrite) {
      out.println("contract: " + place + " would be overwritten; --overwrite allows it");
      return 2;
    }
    Place.give(place, expected);
    Pmem.libpmemAbsence().ifPresent(why -> out.println("contract: without libpmem: " + why));
    List<Class<?>> suite = new ArrayList<>(folder ? List.of(Expectation.class) : DEVICE);
    if (folder) {
      backends.forEach(backend -> suite.addAll(FOLDER.get(backend)));
    }
    return run(suite, out);
  }

  /** Takes an option and its value out of the arguments. */
  private static Optional<String> option(List<String> arguments, String name) {
    int at = arguments.indexOf(name);
    if (at < 0) {
      return Optional.empty();
    }
    String value = arguments.get(at + 1);
    arguments.subList(at, at + 2).clear();
    return Optional.of(value);
  }

  private static int run(List<Class<?>> suite, PrintStream out) {
    DiscoverySelector[] selectors =
        suite.stream().map(type -> selectClass(type)).toArray(DiscoverySelector[]::new);
    Lines lines = new Lines(out);
    LauncherFactory.create()
        .execute(LauncherDiscoveryRequestBuilder.request().selectors(selectors).build(), lines);
    out.printf(
        "contract run %d failed %d skipped %d%n", lines.run(), lines.failed(), lines.skipped());
    return lines.failed() == 0 && lines.run() > 0 ? 0 : 1;
  }
}
