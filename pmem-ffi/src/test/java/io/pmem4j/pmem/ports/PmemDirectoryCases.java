// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.store.Directory;
import org.apache.lucene.tests.store.BaseDirectoryTestCase;
import org.apache.lucene.tests.util.LuceneTestCase;

/** Lucene's own tests of a directory; they run in JUnit 4, see {@link LucenePortTest}. */
@LuceneTestCase.SuppressFileSystems("*") // its own providers; only files of the default are mapped
public final class PmemDirectoryCases extends BaseDirectoryTestCase {
  @Override
  protected Directory getDirectory(Path path) throws IOException {
    return new PmemDirectory(path);
  }
}
