// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.AtimeOption;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramMount;
import io.pmem4j.harness.program.Scope;
import io.pmem4j.harness.program.Syscall;
import java.util.List;
import java.util.Random;

/**
 * Makes programs at random, the same from the same seed: every operation that ext2-dax has, in one
 * to three processes, from empty, small, prepared and corrupt file systems. They are biased to
 * where faults and truncation meet: few files, few pages, sizes around the ends of pages, accesses
 * around EOF, and now and then an indirect block. {@link LeftOut} tells what they leave out.
 */
public final class ProgramGenerator {
  private static final int NEIGHBOURS = 8;
  private static final int MOST_CHILDREN = 2;

  private final GeneratedValues values;
  private final ProgramStart start;
  private final GeneratedSteps steps;
  private final FileSteps files;
  private final MappingSteps mappings;
  private final NameSteps names;
  private final ShapeSteps shapes;

  /** One in so many steps forks, or is a child's; 0 for none. */
  private final boolean forks;

  private ProgramGenerator(long seed) {
    Random random = new Random(seed);
    start = ProgramStart.choose(new GeneratedValues(random, List.of()));
    values = new GeneratedValues(random, start.paths());
    LikelyTree tree = start.tree();
    LikelyPaths paths = new LikelyPaths(values, tree);
    steps = new GeneratedSteps(tree);
    files = new FileSteps(values, steps, paths);
    mappings = new MappingSteps(values, steps, start.knowsNames());
    names = new NameSteps(values, steps, paths);
    shapes = new ShapeSteps(values, steps, paths, files, names);
    forks = values.oneIn(2);
  }

  /**
   * Returns the program of a seed.
   *
   * @param operations how many operations it has at least
   */
  public static Program generate(long seed, int operations) {
    ProgramGenerator generator = new ProgramGenerator(seed);
    GeneratedSteps steps = generator.steps;
    generator.files.openFirst();
    while (steps.size() < operations) {
      generator.step();
    }
    steps.act(steps.program());
    for (GeneratedProcess.OpenName file : steps.program().open()) {
      steps.call(Syscall.FSTAT, file.name());
      if (!steps.mayBeSparse()) {
        steps.call(Syscall.FIEMAP, file.name());
      }
    }
    // Any two neighbours of four differ: half of all programs have windows, half Orlov's rule.
    boolean orlov = Math.floorMod(seed, 4L) > 1;
    Program program =
        new Program(
            "generated-" + seed,
            "",
            "generated from seed " + seed,
            List.of(),
            Scope.EXT2,
            // Colours 0 to 6 lie inside a file system of 62 MiB; the seventh does not. Neighbours
            // have the same: the guest's process can then serve them all.
            1008 + (int) Math.floorMod(seed / NEIGHBOURS, 8L),
            generator.start.image(),
            new ProgramMount(atime(seed), false, Math.floorMod(seed + 1, 4L) > 1, true, List.of()),
            List.of(),
            steps.steps());
    return program.with(new ProgramMount(AtimeOption.NOATIME, orlov, false, true, List.of()));
  }

  /** Of seven neighbours two follow access times, each by another rule. */
  private static AtimeOption atime(long seed) {
    return switch ((int) Math.floorMod(seed, 7L)) {
      case 3 -> AtimeOption.RELATIME;
      case 5 -> AtimeOption.STRICTATIME;
      default -> AtimeOption.NOATIME;
    };
  }

  private void step() {
    steps.act(
        !steps.children().isEmpty() && values.oneIn(3)
            ? values.of(steps.children())
            : steps.program());
    switch (values.below(80)) {
      case 0, 1 -> files.open();
      case 2 -> files.close();
      case 3, 4, 5, 6 -> mappings.mmap();
      case 7 -> mappings.munmap();
      case 8, 9, 10, 11, 12, 13, 14 -> mappings.store();
      case 15, 16, 17, 18 -> mappings.load();
      case 19, 20, 21, 22 -> files.truncate();
      case 23, 24, 25, 26 -> files.write();
      case 27, 28 -> files.read();
      case 29, 30 -> mappings.msync();
      case 31, 32 -> mappings.pagemap();
      case 33, 34 -> files.sync();
      case 35, 36 -> files.stat();
      case 37, 38, 39 -> mappings.copy();
      case 40 -> mappings.remap();
      case 41 -> mappings.protect();
      case 42 -> mappings.advise();
      case 43 -> mappings.mincore();
      case 44 -> files.seek();
      case 45 -> files.unlink();
      case 46 -> seldom();
      case 47, 70 -> processes();
      case 48 -> files.lock();
      case 49 -> files.allocate();
      case 50 -> files.seek();
      case 51, 52, 53, 54, 55, 56, 57, 58, 59, 60 -> {
        if (!start.image().isDamaged()) {
          names.change();
        }
      }
      case 61, 62, 63, 71 -> names.ask();
      case 64, 65, 72 -> {
        if (!start.image().isDamaged()) {
          names.attribute();
        }
      }
      case 66, 67, 73, 74 -> {
        if (!start.image().isDamaged()) {
          names.extendedAttribute();
        }
      }
      case 75, 76, 77 -> {
        if (!start.image().isDamaged()) {
          shapes.next(start.isSmall());
        }
      }
      default -> steps.addPlain(new Operation.Clock(1 + values.below(5)));
    }
  }

  private void seldom() {
    switch (values.below(5)) {
      case 0 -> freeze();
      case 1, 2 -> {
        if (start.isSmall()) {
          files.fill();
        }
      }
      default -> {
        if (values.oneIn(6)) {
          // Past 2038, when a second of 32 bits overflows.
          steps.addPlain(new Operation.Clock(1_200_000_000));
        }
      }
    }
  }

  /** Nothing between that would wait for the thaw. */
  private void freeze() {
    steps.call(Syscall.FREEZE, "/");
    for (int i = values.below(5); i > 0; i--) {
      switch (values.below(6)) {
        case 0 -> steps.call(Syscall.FREEZE, "/");
        case 1 -> mappings.load();
        case 2 -> files.read();
        case 3 -> files.seek();
        case 4 -> mappings.pagemap();
        default -> files.stat();
      }
    }
    steps.call(Syscall.THAW, "/");
    if (values.oneIn(3)) {
      steps.call(Syscall.THAW, "/");
    }
  }

  private void processes() {
    List<GeneratedProcess> children = steps.children();
    if (!forks) {
      return;
    }
    if (children.size() < MOST_CHILDREN && (children.isEmpty() || values.oneIn(2))) {
      steps.fork(steps.newName("c"));
    } else {
      steps.exit(values.of(children));
    }
  }
}
