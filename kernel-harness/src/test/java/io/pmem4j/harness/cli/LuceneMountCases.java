// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.tests.store.BaseDirectoryTestCase;
import org.apache.lucene.tests.util.LuceneTestCase;

/** Lucene's own tests of a directory, below java.io.tmpdir; see {@link MountSuitesTest}. */
@LuceneTestCase.SuppressFileSystems("*") // its own providers; the files of the mount are meant
public final class LuceneMountCases extends BaseDirectoryTestCase {
  @Override
  protected Directory getDirectory(Path path) throws IOException {
    return "mmap".equals(System.getProperty("pmem4j.lucene"))
        ? new MMapDirectory(path)
        : new NIOFSDirectory(path);
  }
}
