// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;

/**
 * Commits documents to an index until it is killed. Argument: the folder. Prints {@code
 * acknowledged N} after commit N.
 */
final class LuceneKill {
  private LuceneKill() {}

  public static void main(String[] arguments) throws IOException {
    PmemDirectory directory = new PmemDirectory(Path.of(arguments[0]));
    long begun = documents(directory);
    IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig());
    for (long n = begun + 1; ; n++) {
      Document document = new Document();
      document.add(new StringField("number", Long.toString(n), Field.Store.YES));
      writer.updateDocument(new Term("number", Long.toString(n)), document);
      writer.commit();
      System.out.println("acknowledged " + n);
    }
  }

  /** Returns the number of documents after checking that they are 1, 2, 3 and so on. */
  static long documents(PmemDirectory directory) throws IOException {
    if (!DirectoryReader.indexExists(directory)) {
      return 0;
    }
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      long documents = reader.numDocs();
      for (long n = 1; n <= documents; n++) {
        if (reader.docFreq(new Term("number", Long.toString(n))) != 1) {
          throw new IllegalStateException("document " + n + " of " + documents + " is missing");
        }
      }
      return documents;
    }
  }
}
