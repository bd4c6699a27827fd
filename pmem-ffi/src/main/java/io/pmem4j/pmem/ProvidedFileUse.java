// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A provider's file in use, as {@link BackingFile} is for the kernel's: its writers, its regions,
 * its first failure. It lasts from the first use to the last. Guarded by the lock of its provider.
 */
final class ProvidedFileUse {
  private static final long PAGE = 4096;

  final FirstFailure failure = new FirstFailure();
  private final List<Use> uses = new ArrayList<>();
  private final List<ProvidedRegion.Access> regions = new ArrayList<>();

  private record Use(BooleanSupplier alive, boolean writes, boolean exclusive) {}

  boolean isOver() {
    uses.removeIf(use -> !use.alive().getAsBoolean());
    return uses.isEmpty();
  }

  /** Throws if the specification or another writer demands to be alone. */
  void refuseSecondWriter(Path path, MapSpec spec) throws FileLockedException {
    uses.removeIf(use -> !use.alive().getAsBoolean());
    if (!spec.isReadOnly()
        && uses.stream().anyMatch(use -> use.writes() && (spec.isExclusive() || use.exclusive()))) {
      throw new FileLockedException(path, "has another writer, and one of the two is exclusive");
    }
  }

  /** Begins a use that lasts as long as the supplier says. */
  void add(MapSpec spec, BooleanSupplier alive) {
    uses.add(new Use(alive, !spec.isReadOnly(), spec.isExclusive()));
  }

  /** Begins the use of a region. */
  void add(MapSpec spec, ProvidedRegion.Access region) {
    regions.removeIf(each -> !each.isAlive());
    regions.add(region);
    add(spec, region::isAlive);
  }

  /** Takes the pages past this offset of the file out of all regions, for good. */
  void revokeFrom(long offset) {
    for (ProvidedRegion.Access region : regions) {
      region.revokeFrom((offset + PAGE - 1) / PAGE * PAGE);
    }
  }
}
