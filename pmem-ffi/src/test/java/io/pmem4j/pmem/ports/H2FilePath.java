// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PmemFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.h2.store.fs.FilePathWrapper;

/** H2's files over {@link PmemFile}: names that begin with {@code pmem:}. */
public final class H2FilePath extends FilePathWrapper {
  @Override
  public String getScheme() {
    return "pmem";
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    Path path = Path.of(getBase().toString());
    return PmemFile.openChannel(
        path, mode.equals("r") ? MapSpec.existing().readOnly() : MapSpec.openOrCreateEmpty());
  }
}
