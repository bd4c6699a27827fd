// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.io.IOException;
import java.nio.ByteOrder;

/**
 * Finds out which worker of a booted kernel writes back what an unmount finds dirty. A block that
 * is allocated then lies where the worker's process id leads to, and the kernel chooses the worker.
 */
final class FlusherProbe {
  private static final String TEXT =
      """
      title a store whose block is allocated at the unmount
      image 8m group=256
      scope ext2
      mount nodax

      open f /a rw creat
      ftruncate f 1P
      mmap m f 0 1P rw shared
      store m 0 x41
      """;

  /** The first block pointer of inode 12. */
  private static final int TABLE_BLOCK = 4;

  private static final int POINTER = 2856;

  /** A sixteenth of a group. */
  private static final int COLOUR_BLOCKS = 256 / 16;

  private FlusherProbe() {}

  /** Runs a program that shows it. */
  static int pid(GuestBackend backend, ImageTemplates templates) throws BackendException {
    Session session = null;
    boolean ended = false;
    try {
      Program program = ProgramParser.parse("flusher-probe", TEXT);
      session = backend.beginUnprobed(program, templates, new KernelChoices());
      session.run(program.steps().stream().map(ProgramStep::operation).toList(), _ -> {});
      FsImage image = session.end().orElseThrow();
      ended = true;
      int block =
          ImageContent.of(image).get(TABLE_BLOCK).order(ByteOrder.LITTLE_ENDIAN).getInt(POINTER);
      // Without a colour it is the first free block, which no colour leads to.
      return block % COLOUR_BLOCKS == 0 ? block / COLOUR_BLOCKS : 0;
    } catch (ProgramSyntaxException | IOException e) {
      throw BackendException.environment("guest: " + e, e);
    } finally {
      if (session != null && !ended) {
        session.abandon();
      }
    }
  }
}
