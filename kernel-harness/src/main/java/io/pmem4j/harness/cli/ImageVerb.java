// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.fuse.WriteBackMemory;
import io.pmem4j.ext2.tool.ImageFiles;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A verb on the files of an image, which no other process has mounted. */
abstract class ImageVerb implements Callable<Integer> {
  static final String EXITS =
      "Exit 0: done; 1: the image is damaged; 2: a path or the image cannot be used; 3: full.";

  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "a file or a DAX device with ext2")
  private Path image = Path.of(".");

  private final boolean readOnly;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  ImageVerb(boolean readOnly) {
    this.readOnly = readOnly;
  }

  /** Does the work. */
  abstract void run(ImageFiles files, PrintWriter out) throws IOException;

  @Override
  public final Integer call() throws IOException {
    if (readOnly && ImageLocks.isHeld(image)) {
      throw new FileSystemException(image.toString(), null, "in use: unmount it first");
    }
    try (Arena arena = Arena.ofShared()) {
      MapSpec how = MapSpec.existing().backend(Backend.JDK);
      PmemRegion region = Pmem.map(image, readOnly ? how.readOnly() : how.exclusive(), arena);
      boolean defers = !readOnly && region.granularity() == Granularity.PAGE;
      if (!defers) {
        return work(mount(region));
      }
      WriteBackMemory deferred = new WriteBackMemory(region);
      int status = work(mount(deferred));
      deferred.writeBack();
      return status;
    }
  }

  private ImageFiles mount(PersistentMemory memory) throws IOException {
    try {
      return ImageFiles.open(memory, readOnly);
    } catch (Ext2Exception e) {
      throw UnusableImage.of(image, e);
    }
  }

  private int work(ImageFiles files) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (files) {
      run(files, out);
      return ExitStatus.HOLDS;
    } catch (Ext2Exception e) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("pmem4j: " + spec.name() + ": " + image + ": " + e.getMessage());
      err.flush();
      return status(e);
    } finally {
      out.flush();
    }
  }

  private static int status(Ext2Exception e) {
    if (e instanceof CorruptFileSystemException
        || e.errno() == Errno.EIO
        || e.errno() == Errno.EUCLEAN) {
      return ExitStatus.FINDING;
    }
    return e.errno() == Errno.ENOSPC ? ExitStatus.ENVIRONMENT : ExitStatus.USAGE;
  }
}
