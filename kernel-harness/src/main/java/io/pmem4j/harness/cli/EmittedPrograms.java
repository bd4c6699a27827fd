// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.explore.export.RendezvousExport;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files of {@code --emit}: findings as programs for booted kernels. */
final class EmittedPrograms {
  private EmittedPrograms() {}

  static void write(
      Profile profile,
      Path directory,
      NamedScenario scenario,
      List<Finding> findings,
      PrintWriter out)
      throws IOException {
    Files.createDirectories(directory);
    int number = 0;
    for (Finding finding : findings) {
      number++;
      for (boolean clean : List.of(false, true)) {
        Optional<String> text = RendezvousExport.text(profile, scenario, finding, clean);
        if (text.isEmpty()) {
          String why =
              RendezvousExport.obstacle(profile, scenario)
                  .orElse("no kernel can be made to show it");
          out.println("not exported: " + finding.message() + ": " + why);
          break;
        }
        String name = scenario.name() + "-" + number + (clean ? "-clean" : "-damage") + ".p4j";
        Files.writeString(directory.resolve(name), text.get());
        out.println("written: " + directory.resolve(name));
      }
    }
  }
}
