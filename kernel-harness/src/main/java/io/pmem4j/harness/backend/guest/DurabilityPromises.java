// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageEditor;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The files that a power cut may not lose. fsync(2) promises the content of its file. syncfs(2)
 * promises the content of every open file, and the names: fsync of a file does not write the
 * directory that names it. Bytes stored later may be there or not.
 *
 * <p>A promise covers the content that the kernel itself read at that moment; the model is not
 * asked. Used by one thread.
 */
final class DurabilityPromises {
  private final Map<String, String> files = new LinkedHashMap<>();
  private final Map<String, String> mappings = new HashMap<>();
  private final Set<String> directories = new HashSet<>();

  /** Content that was promised, by path. */
  private final Map<String, byte[]> promised = new LinkedHashMap<>();

  /** The content at the cut of the files that have changed since their promise. */
  private final Map<String, byte[]> last = new HashMap<>();

  private final Set<String> names = new HashSet<>();
  private final Set<String> changed = new HashSet<>();

  /** Returns promises to keep, if the program cuts the power. */
  static Optional<DurabilityPromises> of(Program program) {
    return program.steps().stream().anyMatch(step -> step.operation() instanceof Operation.PowerCut)
            && !program.image().isDamaged()
        ? Optional.of(new DurabilityPromises())
        : Optional.empty();
  }

  /** Returns the open files whose content an operation promises if it succeeds. */
  List<String> promisedBy(Operation operation) {
    if (!(operation instanceof Operation.Call call)) {
      return List.of();
    }
    return switch (call.syscall()) {
      case FSYNC, FDATASYNC -> readable(call.text(0));
      case SYNCFS -> open();
      default -> List.of();
    };
  }

  /** Returns the open files: to be read at the cut. */
  List<String> open() {
    return files.keySet().stream().filter(file -> !directories.contains(file)).toList();
  }

  private List<String> readable(String file) {
    return files.containsKey(file) && !directories.contains(file) ? List.of(file) : List.of();
  }

  /** Takes note of an operation that succeeded. */
  void succeeded(Operation operation) {
    if (!(operation.withoutChild() instanceof Operation.Call call)) {
      return;
    }
    switch (call.syscall()) {
      case OPEN -> opened(call.text(0), call.text(1));
      case CLOSE -> files.remove(call.text(0));
      case MMAP -> mappings.put(call.text(0), pathOf(call.text(1)));
      case PWRITE, FTRUNCATE, STORE, PWRITEV, PWRITE_MAPPED, PREAD_MAPPED, FALLOCATE, FILL ->
          call.arguments().forEach(this::changes);
      case FSYNC -> {
        if (directories.contains(call.text(0))) {
          names.addAll(files.values());
        }
      }
      case SYNCFS -> names.addAll(files.values());
      case UNLINK, RENAME -> forget(call.text(0));
      default -> {}
    }
  }

  private void opened(String file, String path) {
    files.put(file, path);
    if (path.equals("/")) {
      directories.add(file);
    }
    changed.add(path);
  }

  private void changes(Parameter.Value argument) {
    if (argument instanceof Parameter.Name name) {
      changed.add(pathOf(name.text()));
      changed.add(mappings.getOrDefault(name.text(), ""));
    }
  }

  private void forget(String path) {
    names.remove(path);
    promised.remove(path);
  }

  private String pathOf(String file) {
    return files.getOrDefault(file, "");
  }

  /** Records that a file's content was promised. */
  void promise(String file, byte[] content) {
    promised.put(pathOf(file), content);
    changed.remove(pathOf(file));
  }

  /** Records a file's content right before the cut. */
  void atTheCut(String file, byte[] content) {
    last.put(pathOf(file), content);
  }

  /** Returns how many files have a promise. */
  int count() {
    return promised.size();
  }

  /**
   * Compares the image that the cut left.
   *
   * @return one line for each broken promise
   */
  List<String> broken(FsImage image) throws IOException {
    List<String> broken = new ArrayList<>();
    for (Map.Entry<String, byte[]> each : promised.entrySet()) {
      String path = each.getKey();
      if (changed.contains(path) && !last.containsKey(path)) {
        // Closed since, and changed: either content may be there, and the later one is unknown.
        continue;
      }
      Optional<byte[]> found = ImageEditor.read(image, path);
      if (found.isPresent()) {
        compare(path, each.getValue(), last.getOrDefault(path, each.getValue()), found.get())
            .ifPresent(broken::add);
      } else if (names.contains(path)) {
        broken.add(path + " is gone; its name was synced");
      }
    }
    return broken;
  }

  private static Optional<String> compare(String path, byte[] old, byte[] late, byte[] found) {
    boolean whole = old.length < PromisedFiles.MAX_BYTES && late.length < PromisedFiles.MAX_BYTES;
    if (whole && found.length != old.length && found.length != late.length) {
      return Optional.of(
          path
              + " has "
              + found.length
              + " bytes, expected "
              + old.length
              + " as synced, or "
              + late.length);
    }
    for (int i = 0; i < Math.min(old.length, late.length); i++) {
      if (old[i] == late[i] && (i >= found.length || found[i] != old[i])) {
        return Optional.of(
            String.format(
                "%s: byte %d is %s, expected %02x as synced",
                path, i, i < found.length ? String.format("%02x", found[i]) : "gone", old[i]));
      }
    }
    return Optional.empty();
  }
}
